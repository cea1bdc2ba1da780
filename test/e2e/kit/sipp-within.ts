/** SIPp as a provider that answers what the agent asks within a call in ways that end nothing, or not at all. */
import {
  pause,
  provisionals,
  receive,
  type Step,
  same,
  scenario,
  sdp,
  send,
} from "../../../src/phone/sipp-xml.ts";

export interface Within {
  /** Who began the call: the provider, to this number, or the agent. */
  readonly calls?: string;
  /** The request of the agent that is answered so. A re-INVITE is followed by a BYE, which is accepted. */
  readonly method: "INVITE" | "BYE";
  /** Such as `503 Service Unavailable`; `silence` is no answer. */
  readonly answer: string;
  readonly headers?: readonly string[];
  /** How often the request comes, each time with a transaction of its own. Default once. */
  readonly times?: number;
}

const tag = "[pid]s[call_number]";
const contact = "Contact: <sip:provider@[local_ip]:[local_port];transport=[transport]>";
const retrans = { retrans: 500 };

export function within(o: Within): string {
  const uri = `sip:${o.calls}@[remote_ip]:[remote_port]`;
  const asked = (start: string, to: string, cseq: string, more: readonly string[], body = "", how = {}) =>
    send(
      start,
      [
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        `From: <sip:+14155550100@[local_ip]:[local_port]>;tag=${tag}`,
        to,
        "Call-ID: [call_id]",
        `CSeq: ${cseq}`,
        "Max-Forwards: 70",
        contact,
        ...more,
      ],
      body,
      how,
    );
  const begins: readonly Step[] =
    o.calls === undefined
      ? [
          receive("INVITE", { rrs: true }),
          send(
            "SIP/2.0 200 OK",
            [
              ...same.map((h) => (h === "[last_To:]" ? `[last_To:];tag=${tag}` : h)),
              "[last_Record-Route:]",
              contact,
            ],
            sdp(),
            retrans,
          ),
          receive("ACK"),
        ]
      : [
          asked(`INVITE ${uri} SIP/2.0`, `To: <${uri}>`, "1 INVITE", [], sdp(), retrans),
          provisionals,
          receive(200, { rrs: true }),
          asked("ACK [next_url] SIP/2.0", `To: <${uri}>[peer_tag_param]`, "1 ACK", ["[routes]"]),
        ];
  const answers: readonly Step[] =
    o.answer === "silence"
      ? []
      : [
          send(
            `SIP/2.0 ${o.answer}`,
            [...same, ...(o.headers ?? [])],
            "",
            o.method === "INVITE" ? retrans : {},
          ),
          ...(o.method === "INVITE" ? [receive("ACK")] : []),
        ];
  return scenario("within", [
    ...begins,
    ...Array.from({ length: o.times ?? 1 }, () => [receive(o.method), ...answers]).flat(),
    ...(o.method === "INVITE" ? [receive("BYE"), send("SIP/2.0 200 OK", same)] : []),
    // Copies of an unanswered BYE still come.
    pause(o.answer === "silence" && o.method === "BYE" ? 5000 : 0),
  ]);
}
