/** A SIPp that calls and refreshes the session (RFC 4028). */
import {
  act,
  keep,
  log,
  pause,
  play as playFile,
  provisionals,
  receive,
  type Step,
  scenario,
  sdp,
  send,
} from "../../src/phone/sipp-xml.ts";

export interface Refreshing {
  readonly to: string;
  readonly method: "UPDATE" | "INVITE";
  /** Session-Expires. */
  readonly expires: number;
  /** Refreshes so often; default after half of it. */
  readonly everySeconds?: number;
  /** From the answer to the BYE. */
  readonly seconds: number;
  /** A file of raw G.711 mu-law, played in a loop. */
  readonly play: string;
}

/** Wants to refresh itself, fails where it is not told that it does, and at any request of the other side. */
export function refreshing(o: Refreshing): string {
  const uri = `sip:${o.to}@[remote_ip]:[remote_port]`;
  const timer = ["Supported: timer", `Session-Expires: ${o.expires};refresher=uac`];
  const message = (
    start: string,
    to: string,
    cseq: string,
    more: readonly string[],
    body = "",
    how = {},
  ): Step =>
    send(
      start,
      [
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport",
        "From: <sip:+14155550100@[local_ip]:[local_port]>;tag=[pid]c[call_number]",
        to,
        "Call-ID: [call_id]",
        `CSeq: ${cseq}`,
        "Max-Forwards: 70",
        "Contact: <sip:+14155550100@[local_ip]:[local_port];transport=[transport]>",
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE",
        ...more,
      ],
      body,
      how,
    );
  // A re-INVITE moves the target, for its own ACK too (RFC 3261 section 12.2.1.2); SIPp takes [next_url] from no second answer.
  const target = keep("Contact: *<([^>]*)>", "target");
  const moved = (method: string, cseq: number): boolean =>
    o.method === "INVITE" && (cseq > 2 || (cseq === 2 && method === "ACK"));
  const within = (method: string, cseq: number, more: readonly string[] = [], body = "", how = {}): Step =>
    message(
      `${method} ${moved(method, cseq) ? "[$target]" : "[next_url]"} SIP/2.0`,
      `To: <${uri}>[peer_tag_param]`,
      `${cseq} ${method}`,
      ["[routes]", ...more],
      body,
      how,
    );
  const offer = (version: number): string => sdp({ port: "stream", version });
  const agreed = `<ereg regexp="Session-Expires: *${o.expires};refresher=uac" search_in="msg" check_it="true" assign_to="agreed"/>`;
  const retrans = { retrans: 500 };
  const every = o.everySeconds ?? o.expires / 2;
  const count = Math.ceil(o.seconds / every) - 1;
  const refreshes = Array.from({ length: count }, (_, i): Step[] => {
    const cseq = i + 2;
    const wait = pause(every * 1000);
    if (o.method === "UPDATE")
      return [wait, within("UPDATE", cseq, timer, "", retrans), receive(200, {}, [agreed])];
    return [
      wait,
      within("INVITE", cseq, timer, offer(cseq), retrans),
      provisionals,
      receive(200, {}, [agreed, target]),
      within("ACK", cseq),
    ];
  });
  const rest = o.seconds - count * every;
  return scenario(
    "refreshing",
    [
      act(log("invite call=[call_number] at=[clock_tick]")),
      message(`INVITE ${uri} SIP/2.0`, `To: <${uri}>`, "1 INVITE", timer, offer(1), retrans),
      provisionals,
      receive(200, { rrs: true }, [keep("^SIP/2.0 ([0-9]+)", "code"), agreed]),
      act(log("answered call=[call_number] at=[clock_tick] code=[$code]")),
      within("ACK", 1),
      playFile(o.play),
      ...refreshes.flat(),
      pause(rest * 1000),
      within("BYE", count + 2, [], "", retrans),
      receive(200),
      act(log("ended call=[call_number] at=[clock_tick] code=[$code]")),
    ],
    ["code", "agreed", "target"],
  );
}
