/** Media keys in SDP (RFC 4568), one for each party, and a watch over who gets to see whose. */
import { createHash } from "node:crypto";
import type { Half } from "../../targets/kamailio/calls.ts";
import { bodyOf } from "./message.ts";

/** Octets of key and salt by suite (RFC 4568 section 6.2, RFC 7714 section 12). */
const octets = { AES_CM_128_HMAC_SHA1_80: 30, AES_CM_128_HMAC_SHA1_32: 30, AEAD_AES_128_GCM: 28 } as const;
export type Suite = keyof typeof octets;

/** The key that a host has for a suite: always the same, and nobody else's. */
export function keyOf(host: string, suite: Suite): string {
  const text = createHash("sha256").update(`${host} ${suite}`).digest().subarray(0, octets[suite]);
  return text.toString("base64").replace(/=+$/, "");
}

/** `tag suite`, as an attribute line with the host's key. */
export function cryptoLine(host: string, tagged: `${number} ${Suite}`): string {
  const suite = tagged.slice(tagged.indexOf(" ") + 1) as Suite;
  return `a=crypto:${tagged} inline:${keyOf(host, suite)}\r\n`;
}

/** All keys that an SDP shows. */
export const keysIn = (text: string): readonly string[] =>
  [...bodyOf(text).matchAll(/^a=crypto:\d+ \S+ inline:([A-Za-z0-9+/]+)/gm)].map((m) => m[1] ?? "");

export interface KeyWatch {
  /** The same half, of which everything that it takes is looked at. */
  watched(made: Half): Half;
  /** Keys of other parties that a party was shown, each with who saw it. */
  shown(): readonly string[];
}

/** Watches what parties are sent; the keys of all parties that are watched are taken for secret from the others. */
export function keyWatch(): KeyWatch {
  const owners = new Map<string, string>();
  const seen: { readonly by: string; readonly key: string }[] = [];
  return {
    watched: (made) => {
      const { address } = made.at;
      for (const suite of Object.keys(octets) as Suite[]) owners.set(keyOf(address, suite), address);
      return {
        ...made,
        next: async (...asked) => {
          const text = await made.next(...asked);
          seen.push(...keysIn(text).map((key) => ({ by: address, key })));
          return text;
        },
      };
    },
    shown: () =>
      seen.flatMap(({ by, key }) => {
        const owner = owners.get(key);
        return owner === undefined || owner === by ? [] : [`${by} sees the key of ${owner}`];
      }),
  };
}
