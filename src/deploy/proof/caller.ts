/** The near end of the proof call: calls through the edge's public listener and hangs up. */
import { randomBytes } from "node:crypto";
import { bracketed } from "../../core/host.ts";
import { exchangeTone } from "./audio.ts";
import {
  audioOf,
  compose,
  first,
  parseMessage,
  type SipMessage,
  sdp,
  status,
  tagOf,
  uriOf,
  values,
} from "./message.ts";
import { bindUdp } from "./sockets.ts";
import { openWire, type Wire, type WireTarget } from "./wire.ts";

export interface ProofTarget extends WireTarget {
  /** Host part of the Request-URI: the address by which peers know that of the listener, which this host need not have. */
  readonly host: string;
  readonly token: string;
}

export type ProofOutcome =
  | { readonly ok: true; readonly answerMs: number; readonly totalMs: number }
  | { readonly ok: false; readonly reason: string };

const t1 = 500;
/** Milliseconds of the tone that must come back. */
const enough = 240;

/** One call. Never rejects where the edge is at fault; bounded by `timeout` milliseconds for the answer and 1.5 s for audio. */
export async function callThrough(target: ProofTarget, timeout = 2500): Promise<ProofOutcome> {
  const started = performance.now();
  const sip = await openWire(target).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  if (typeof sip === "string")
    return { ok: false, reason: `${target.transport} port ${target.port} of ${target.address}: ${sip}` };
  const rtp = await bindUdp(target.address);
  try {
    const dialog = newDialog(target, sip);
    const offer = sdp(target.address, rtp.address().port);
    const answer = await transact(sip, dialog.request("INVITE", offer), timeout);
    if (answer === undefined) return { ok: false, reason: `no answer to INVITE within ${timeout} ms` };
    const code = status(answer) ?? 0;
    if (code >= 300) {
      sip.send(dialog.refusedAck(answer));
      return { ok: false, reason: `INVITE was answered ${answer.start.slice("SIP/2.0 ".length)}` };
    }
    const answerMs = performance.now() - started;
    dialog.established(answer);
    const ack = dialog.request("ACK");
    sip.send(ack);
    // A 200 that comes again means that the ACK was lost.
    const stopRepeating = sip.listen((text) => {
      const again = parseMessage(text);
      if (again && status(again) === 200 && /INVITE/.test(first(again, "cseq") ?? "")) sip.send(ack);
    });
    const answered = audioOf(answer.body);
    // From within, a 1:1 NAT is not passed: its inner address is the way to its outer one.
    const to = answered?.address === target.host ? { ...answered, address: target.address } : answered;
    const audio = to === undefined ? undefined : await exchangeTone(rtp, to, enough, 1500);
    stopRepeating();
    const ended = await transact(sip, dialog.request("BYE"), 1500);
    if (audio === undefined) return { ok: false, reason: "the 200 to INVITE names no address for audio" };
    if (!audio.heard) return { ok: false, reason: silence(audio.sent, audio.received) };
    if (ended === undefined) return { ok: false, reason: "no answer to BYE within 1500 ms" };
    const byeCode = status(ended) ?? 0;
    if (byeCode !== 200)
      return { ok: false, reason: `BYE was answered ${ended.start.slice("SIP/2.0 ".length)}` };
    return { ok: true, answerMs, totalMs: performance.now() - started };
  } finally {
    sip.close();
    rtp.close();
  }
}

function silence(sent: number, received: number): string {
  return received === 0
    ? `the call was answered, but none of ${sent} RTP packets came back`
    : `the call was answered, but the tone was not in the ${received} RTP packets that came back for ${sent}`;
}

interface Dialog {
  request(name: "INVITE" | "ACK" | "BYE", body?: string): string;
  /** The ACK to a final answer other than 2xx: same branch, no route set (RFC 3261 17.1.1.3). */
  refusedAck(answer: SipMessage): string;
  established(answer: SipMessage): void;
}

function newDialog(target: ProofTarget, { self, transport }: Wire): Dialog {
  const over = transport === "UDP" ? "" : ";transport=tcp";
  const uri = `sip:crew-proof@${bracketed(target.host)}:${target.port}${over}`;
  const callId = `proof-${randomBytes(8).toString("hex")}`;
  const from = `<sip:crew-proof@${bracketed(target.address)}>;tag=${randomBytes(6).toString("hex")}`;
  let to = `<${uri}>`;
  let remote = uri;
  let routes: readonly string[] = [];
  let sequence = 0;
  let branch = "";
  const headers = (name: string): (readonly [string, string])[] => [
    ["Via", `SIP/2.0/${transport} ${self};branch=${branch};rport`],
    ["Max-Forwards", "70"],
    ["From", from],
    ["To", to],
    ["Call-ID", callId],
    ["CSeq", `${sequence} ${name}`],
  ];
  return {
    request(name, body = "") {
      if (name !== "ACK") sequence++;
      branch = `z9hG4bK${randomBytes(8).toString("hex")}`;
      return compose(
        `${name} ${remote} SIP/2.0`,
        [
          ...headers(name),
          ...routes.map((route) => ["Route", route] as const),
          ["Contact", `<sip:crew-proof@${self}${over}>`],
          ["X-Crew-Proof", target.token],
          ...(body === "" ? [] : [["Content-Type", "application/sdp"] as const]),
        ],
        body,
      );
    },
    refusedAck(answer) {
      to = first(answer, "to") ?? to;
      return compose(`ACK ${uri} SIP/2.0`, headers("ACK"));
    },
    established(answer) {
      const answered = first(answer, "to") ?? to;
      if (tagOf(answered) !== undefined) to = answered;
      remote = uriOf(first(answer, "contact") ?? uri);
      routes = values(answer, "record-route").toReversed();
    },
  };
}

/** Sends a request, repeats it over UDP as RFC 3261 says (an INVITE only until a provisional answer), gives the final answer. */
function transact(wire: Wire, request: string, timeout: number): Promise<SipMessage | undefined> {
  const branch = /branch=([^;]+)/.exec(request)?.[1];
  return new Promise((resolve) => {
    let repeat: NodeJS.Timeout | undefined;
    const finish = (answer: SipMessage | undefined): void => {
      clearTimeout(repeat);
      clearTimeout(timer);
      stop();
      resolve(answer);
    };
    const stop = wire.listen((text) => {
      const answer = parseMessage(text);
      const code = answer === undefined ? undefined : status(answer);
      if (answer === undefined || code === undefined || !first(answer, "via")?.includes(`branch=${branch}`))
        return;
      if (code >= 200) finish(answer);
      else if (request.startsWith("INVITE")) clearTimeout(repeat);
    });
    const sendAgain = (wait: number): void => {
      wire.send(request);
      if (wire.transport === "UDP") repeat = setTimeout(() => sendAgain(wait * 2), wait);
    };
    const timer = setTimeout(() => finish(undefined), timeout);
    sendAgain(t1);
  });
}
