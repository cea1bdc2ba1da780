/** A party on one TCP connection, whichever side opened it. */
import { cut } from "../../../src/deploy/proof/wire.ts";
import { headerValues } from "../../../src/phone/message.ts";
import type { TcpPeer } from "../../lab/sockets.ts";
import type { Half } from "../../targets/kamailio/calls.ts";
import { methodOf, statusOf } from "./message.ts";

export interface Connection extends Omit<Half, "peer" | "quiet"> {
  readonly peer: TcpPeer;
  /** Every message that came, in order. */
  messages(): readonly string[];
}

/** `next` gives the first message that matches and was not given yet. */
export function connectionOf(peer: TcpPeer, at: Half["at"]): Connection {
  const given = new Set<number>();
  const messages = (): readonly string[] => cut(peer.text).messages;
  return {
    peer,
    at,
    messages,
    send: (text) => peer.send(text),
    next: async (callId, what, ms = 4000) => {
      for (const end = Date.now() + ms; ; ) {
        const all = messages();
        const i = all.findIndex(
          (text, n) =>
            !given.has(n) &&
            headerValues(text, "Call-ID")[0] === callId &&
            (typeof what === "number" ? statusOf(text) === what : methodOf(text) === what),
        );
        if (i >= 0) {
          given.add(i);
          return all[i] ?? "";
        }
        if (Date.now() > end) throw new Error(`no ${what} of ${callId} on TCP within ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** A hand-made message as it is on a TCP connection: its Via and Contact say so. */
export const overTcp = (text: string): string =>
  text
    .replace(/^Via: SIP\/2\.0\/UDP/m, "Via: SIP/2.0/TCP")
    .replace(/^(Contact: <[^>]*)>/m, "$1;transport=tcp>");
