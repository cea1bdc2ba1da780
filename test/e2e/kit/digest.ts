/** Digest credentials by hand (RFC 7616, RFC 8760). */
import { createHash } from "node:crypto";
import { headerValues } from "../../../src/phone/message.ts";

export interface Challenge {
  readonly header: "WWW-Authenticate" | "Proxy-Authenticate";
  readonly realm: string;
  readonly nonce: string;
  readonly qop?: string;
  readonly algorithm: string;
  readonly stale: boolean;
}

/** A parameter of a challenge or of credentials, without its quotes. */
export const parameter = (text: string, name: string): string | undefined => {
  const found = new RegExp(`(?:^|[ ,])${name}\\s*=\\s*(?:"([^"]*)"|([^",\\s]+))`, "i").exec(text);
  return found?.[1] ?? found?.[2];
};

/** The challenge of a 401 or 407; throws where there is none. */
export function challengeOf(response: string): Challenge {
  for (const header of ["Proxy-Authenticate", "WWW-Authenticate"] as const) {
    const value = headerValues(response, header)[0];
    if (value === undefined) continue;
    const qop = parameter(value, "qop");
    return {
      header,
      realm: parameter(value, "realm") ?? "",
      nonce: parameter(value, "nonce") ?? "",
      ...(qop === undefined ? {} : { qop }),
      algorithm: parameter(value, "algorithm") ?? "MD5",
      stale: parameter(value, "stale")?.toLowerCase() === "true",
    };
  }
  throw new Error(`no challenge in ${response.split("\r\n")[0]}`);
}

/** As an algorithm of RFC 7616 hashes: 32 or 64 hexadecimal digits. */
export const hash = (algorithm: string, text: string): string =>
  createHash(algorithm.toUpperCase().startsWith("SHA-256") ? "sha256" : "md5")
    .update(text)
    .digest("hex");

/** The hash of user, realm and password that a deployment stores. */
export const ha1Of = (username: string, realm: string, password: string, algorithm = "MD5"): string =>
  hash(algorithm, `${username}:${realm}:${password}`);

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nc?: string;
  readonly cnonce?: string;
  /** Instead of what the challenge says. */
  readonly realm?: string;
  readonly nonce?: string;
  readonly algorithm?: string;
  /** Instead of the calculated value. */
  readonly response?: string;
  /** Parameters that are left out. */
  readonly without?: readonly string[];
}

/** The header line that answers a challenge. */
export function authorization(challenge: Challenge, c: Credentials): string {
  const algorithm = c.algorithm ?? challenge.algorithm;
  const realm = c.realm ?? challenge.realm;
  const nonce = c.nonce ?? challenge.nonce;
  const nc = c.nc ?? "00000001";
  const cnonce = c.cnonce ?? "0a4f113b";
  const a1 = ha1Of(c.username, realm, c.password, algorithm);
  const a2 = hash(algorithm, `${c.method}:${c.uri}`);
  const plain = c.without?.includes("qop") ?? false;
  const response = hash(
    algorithm,
    plain ? `${a1}:${nonce}:${a2}` : `${a1}:${nonce}:${nc}:${cnonce}:auth:${a2}`,
  );
  const parameters: [string, string][] = [
    ["username", `"${c.username}"`],
    ["realm", `"${realm}"`],
    ["nonce", `"${nonce}"`],
    ["uri", `"${c.uri}"`],
    ["response", `"${c.response ?? response}"`],
    ["algorithm", algorithm],
    ["qop", "auth"],
    ["nc", nc],
    ["cnonce", `"${cnonce}"`],
  ];
  const kept = parameters.filter(([name]) => !c.without?.includes(name));
  const header = challenge.header === "WWW-Authenticate" ? "Authorization" : "Proxy-Authorization";
  return `${header}: Digest ${kept.map(([name, value]) => `${name}=${value}`).join(", ")}`;
}
