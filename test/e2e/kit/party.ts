/** A party to calls on a UDP socket of its own: what it sends, what it is answered, everything that reaches it. */
import { headerValues } from "../../../src/phone/message.ts";
import type { Place } from "../../lab/place.ts";
import type { Datagram, UdpPeer } from "../../lab/sockets.ts";
import { headerLines, methodOf, type RequestOptions, request, statusOf, uriOf } from "./message.ts";

export interface To {
  readonly address: string;
  readonly port: number;
}

export interface Party {
  readonly at: To;
  readonly peer: UdpPeer;
  /** A request from here. */
  make(o?: Omit<RequestOptions, "at">): string;
  /** Sends as it is. */
  send(text: string | Buffer, to?: To): Promise<void>;
  /** Sends a request and gives its final response; a negative one to an INVITE is acknowledged. Rejects after `ms`, default 3000. */
  ask(text: string, ms?: number, to?: To): Promise<string>;
  /** Everything received since `mark`, as text. */
  since(mark: number): readonly string[];
  mark(): number;
}

const one = (text: string, name: string): string => headerValues(text, name)[0] ?? "";

/** The ACK of a negative final response (RFC 3261 section 17.1.1.3). */
export function ackOf(invite: string, final: string): string {
  return [
    `ACK ${uriOf(invite)} SIP/2.0`,
    `Via: ${one(invite, "Via")}`,
    "Max-Forwards: 70",
    ...headerLines(invite).filter((l) => /^(from|route)\s*:/i.test(l)),
    `To: ${one(final, "To")}`,
    `Call-ID: ${one(invite, "Call-ID")}`,
    `CSeq: ${one(invite, "CSeq").split(" ")[0]} ACK`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

export async function party(place: Place, address: string, port: number, edge: To): Promise<Party> {
  const peer = await place.udp(address, port);
  const at = { address, port: peer.port };
  const send: Party["send"] = (text, to = edge) => peer.send(text, to);
  return {
    at,
    peer,
    make: (o = {}) => request({ at, ...o }),
    send,
    ask: async (text, ms = 3000, to = edge) => {
      const id = one(text, "Call-ID");
      const cseq = one(text, "CSeq");
      const branch = /branch=([^;\s]+)/.exec(one(text, "Via"))?.[1] ?? "";
      const answers = (d: Datagram): boolean =>
        statusOf(d.text) >= 200 &&
        one(d.text, "Call-ID") === id &&
        one(d.text, "CSeq") === cseq &&
        d.text.includes(branch);
      await send(text, to);
      const final = (await peer.receive(ms, answers)).text;
      if (methodOf(text) === "INVITE" && statusOf(final) >= 300) await send(ackOf(text, final), to);
      return final;
    },
    since: (mark) => peer.received.slice(mark).map((d) => d.text),
    mark: () => peer.received.length,
  };
}
