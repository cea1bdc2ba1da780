/** The far end of the proof call: answers an INVITE and sends the audio back. */
import { randomBytes } from "node:crypto";
import { bracketed } from "../../core/host.ts";
import {
  audioOf,
  compose,
  first,
  method,
  parseMessage,
  type SipMessage,
  sdp,
  uriOf,
  values,
} from "./message.ts";
import { bindUdp } from "./sockets.ts";

export interface Echo {
  readonly port: number;
  /** RTP packets sent back so far. */
  readonly reflected: () => number;
  readonly close: () => void;
}

/** RFC 3261 T1 and T2 in milliseconds. */
const t1 = 500;
const t2 = 4000;

/** Serves calls at an address of this host until closed. Each call's audio goes back to where its offer asks for it. */
export async function openEcho(address: string): Promise<Echo> {
  const sip = await bindUdp(address);
  const rtp = await bindUdp(address);
  const port = sip.address().port;
  const tag = randomBytes(6).toString("hex");
  const contact = `<sip:crew-proof@${bracketed(address)}:${port}>`;
  let reflected = 0;
  let peer: { readonly address: string; readonly port: number } | undefined;
  let answer: { readonly callId: string | undefined; readonly text: string } | undefined;
  let retransmission: NodeJS.Timeout | undefined;

  const reply = (request: SipMessage, line: string, body = ""): string =>
    compose(
      `SIP/2.0 ${line}`,
      [
        ...values(request, "via").map((v) => ["Via", v] as const),
        ...values(request, "record-route").map((v) => ["Record-Route", v] as const),
        ["From", first(request, "from") ?? ""],
        ["To", withTag(first(request, "to") ?? "", tag)],
        ["Call-ID", first(request, "call-id") ?? ""],
        ["CSeq", first(request, "cseq") ?? ""],
        ["Contact", contact],
        ...(body === "" ? [] : [["Content-Type", "application/sdp"] as const]),
      ],
      body,
    );
  rtp.on("message", (packet) => {
    if (peer === undefined) return;
    reflected++;
    rtp.send(packet, peer.port, peer.address);
  });
  sip.on("message", (data, from) => {
    const request = parseMessage(data.toString("latin1"));
    if (request === undefined) return;
    const send = (text: string): void => sip.send(Buffer.from(text, "latin1"), from.port, from.address);
    switch (method(request)) {
      case "INVITE": {
        const callId = first(request, "call-id");
        peer = audioOf(request.body);
        if (peer === undefined) return send(reply(request, "488 Not Acceptable Here"));
        clearTimeout(retransmission);
        const text =
          answer?.callId === callId && answer
            ? answer.text
            : reply(request, "200 OK", sdp(address, rtp.address().port));
        answer = { callId, text };
        const repeat = (wait: number): void => {
          retransmission = setTimeout(() => {
            send(text);
            repeat(Math.min(wait * 2, t2));
          }, wait);
        };
        send(text);
        return repeat(t1);
      }
      case "ACK":
        return clearTimeout(retransmission);
      case undefined:
        return;
      default:
        clearTimeout(retransmission);
        return send(reply(request, "200 OK"));
    }
  });
  return {
    port,
    reflected: () => reflected,
    close: () => {
      clearTimeout(retransmission);
      sip.close();
      rtp.close();
    },
  };
}

function withTag(to: string, tag: string): string {
  return /;\s*tag=/i.test(to.replace(uriOf(to), "")) ? to : `${to};tag=${tag}`;
}
