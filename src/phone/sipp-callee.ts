/** SIPp as a callee. Its scenarios honour Record-Route (RFC 3261 section 12), as SIPp's own do not. */
import {
  act,
  forever,
  goTo,
  keep,
  label,
  log,
  pause,
  receive,
  type Sdp,
  type Step,
  same,
  scenario,
  sdp,
  send,
} from "./sipp-xml.ts";

export interface Callee {
  /** Rings so long before the final response; default 0, which sends no 180. */
  readonly ringMs?: number;
  /** What it sends while ringing: 180, or 183 with SDP; default 180. */
  readonly ringing?: 180 | 183;
  /** 183 with Require: 100rel, answered by PRACK (RFC 3262). */
  readonly reliable?: boolean;
  /** Final response, default 200. `none` receives and never responds. */
  readonly answer?: number | "none";
  /** Whole header lines for the final response, such as Contact of a 302 or Retry-After. */
  readonly headers?: readonly string[];
  readonly sdp?: Sdp;
  /** Ends the call itself so long after the ACK; default it waits for the BYE. */
  readonly byeAfterMs?: number;
}

const reasons: Readonly<Record<number, string>> = {
  302: "Moved Temporarily",
  404: "Not Found",
  480: "Temporarily Unavailable",
  486: "Busy Here",
  488: "Not Acceptable Here",
  503: "Service Unavailable",
  603: "Decline",
};

/** A callee that answers, refuses, rings, is cancelled, or keeps silent. In-dialog INVITEs get a 200. */
export function callee(o: Callee = {}): string {
  const contact = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>";
  // [last_Via:] is that of the message before; after a CANCEL, PRACK or ACK the INVITE's own must be at hand.
  const respond = (status: string, extra: readonly string[], body = "", more = {}): Step =>
    send(
      `SIP/2.0 ${status}`,
      [
        // The kept lines end in CRLF, hence no line break of ours.
        "[$vias][$routes]From:[$from]",
        "To:[$to];tag=[pid]s[call_number]",
        "Call-ID: [call_id]",
        "CSeq:[$cseq]",
        contact,
        ...extra,
      ],
      body,
      more,
    );
  const header = (name: string, into: string): string =>
    `<ereg regexp=".*" search_in="hdr" header="${name}:" check_it="true" assign_to="${into}"/>`;
  const lines = (name: string): string => `((${name}:[^[:cntrl:]]*[[:cntrl:]]+)+)`;
  const invite = receive("INVITE", { rrs: true }, [
    keep(`[[:cntrl:]]${lines("Via")}`, "vias"),
    keep(`[[:cntrl:]]${lines("Record-Route")}`, "routes"),
    header("From", "from"),
    header("To", "to"),
    header("CSeq", "cseq"),
    log("invited call=[call_number] at=[clock_tick]"),
  ]);
  const final = o.answer ?? 200;
  const ringMs = o.ringMs ?? 0;
  const ringing: Step[] = o.reliable
    ? [
        respond("183 Session Progress", ["Require: 100rel", "RSeq: 1"], sdp(o.sdp), { retrans: 500 }),
        receive("PRACK"),
        send("SIP/2.0 200 OK", same),
      ]
    : ringMs > 0
      ? [o.ringing === 183 ? respond("183 Session Progress", [], sdp(o.sdp)) : respond("180 Ringing", [])]
      : [];
  const hangUp: Step[] = [
    label("hangup"),
    send(
      "BYE [next_url] SIP/2.0",
      [
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "[routes]",
        "From:[$to];tag=[pid]s[call_number]",
        "To:[$from]",
        "Call-ID: [call_id]",
        "CSeq: 1 BYE",
        "Max-Forwards: 70",
      ],
      "",
      { retrans: 500 },
    ),
    receive(200),
    goTo("end"),
  ];
  const limit =
    o.byeAfterMs === undefined ? { timeout: forever } : { timeout: o.byeAfterMs, ontimeout: "hangup" };
  const talk: Step[] = [
    label("talk"),
    // SIPp takes the time limit of a group from the message of it at which it stands.
    receive("ACK", { optional: "global", ...limit }),
    receive("INVITE", { optional: true, next: "again", ...limit }),
    receive("BYE", limit),
    send("SIP/2.0 200 OK", same),
    goTo("end"),
    label("again"),
    send("SIP/2.0 200 OK", [...same, "[last_Record-Route:]", contact], sdp({ ...o.sdp, version: 2 }), {
      retrans: 500,
    }),
    receive("ACK"),
    goTo("talk"),
    ...(o.byeAfterMs === undefined ? [] : hangUp),
  ];
  const outcome: Step[] =
    final === "none"
      ? [pause(forever)]
      : final >= 300
        ? [
            respond(`${final} ${reasons[final] ?? "Refused"}`, o.headers ?? [], "", { retrans: 500 }),
            receive("ACK"),
            goTo("end"),
          ]
        : [
            respond(`${final} OK`, o.headers ?? [], sdp(o.sdp), { retrans: 500 }),
            receive("ACK"),
            act(log("answered call=[call_number] at=[clock_tick] code=200")),
            ...talk,
          ];
  const wait: Step[] =
    ringMs === 0
      ? []
      : [
          receive("CANCEL", { timeout: ringMs, ontimeout: "final" }),
          // SIPp's own reaction to a CANCEL is a 200 and no 487.
          send("SIP/2.0 200 OK", same),
          respond("487 Request Terminated", [], "", { retrans: 500 }),
          receive("ACK"),
          act(log("cancelled call=[call_number] at=[clock_tick] code=487")),
          goTo("end"),
        ];
  const steps = [invite, ...ringing, ...wait, label("final"), ...outcome, label("end"), pause(0)];
  return scenario("callee", steps, ["vias", "routes", "from", "to", "cseq"]);
}
