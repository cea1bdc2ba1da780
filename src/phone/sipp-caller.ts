/** SIPp as a caller. Its scenarios honour Record-Route (RFC 3261 section 12), as SIPp's own do not. */
import {
  act,
  forever,
  goTo,
  keep,
  label,
  log,
  pause,
  play,
  provisionals,
  receive,
  type Sdp,
  type Step,
  same,
  scenario,
  sdp,
  send,
} from "./sipp-xml.ts";

export interface Caller {
  /** User part of the Request-URI. */
  readonly to: string;
  /** Host and port of the Request-URI; default where SIPp sends to. */
  readonly host?: string;
  /** User part of From and Contact; default +14155550100. */
  readonly from?: string;
  /** Whole header lines for the INVITE. */
  readonly headers?: readonly string[];
  /** `none` sends no offer in the INVITE but an answer in the ACK (RFC 3261 section 13.2.1). */
  readonly sdp?: Sdp | "none";
  readonly auth?: { readonly username: string; readonly password: string };
  /** From the 200 to the BYE, default 500. */
  readonly talkMs?: number;
  /** Who ends an answered call; default the caller. */
  readonly end?: "caller" | "callee";
  /** Sends CANCEL so long after the first ringing, and then wants a 487. */
  readonly cancelAfterMs?: number;
  /** A file of raw G.711 mu-law that is played while talking. */
  readonly play?: string;
  /** Acknowledges a reliable 183 (RFC 3262), which the callee must send. */
  readonly prack?: boolean;
}

const refusals = [
  300, 301, 302, 305, 380, 400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 413, 414, 415, 416, 420, 421,
  422, 423, 480, 481, 482, 483, 484, 485, 486, 487, 488, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505,
  513, 580, 600, 603, 604, 606,
];

/**
 * A wait in which ringing may come after the 200, as a proxy with several workers can bring about. SIPp takes it only in
 * the group of messages that it waits for, goes on to the next of the group then, and takes the time limit from where
 * it stands: so every message of the group has the limit.
 */
const group = (limit: Readonly<Record<string, string | number>>, last: string): Step[] => [
  ...[180, 181, 183, 100].map((code) => receive(code, { optional: true, ...limit })),
  receive(last, limit),
];

const logged = "^SIP/2.0 ([0-9]+)";
const note = (event: string): string => log(`${event} call=[call_number] at=[clock_tick] code=[$code]`);

/** A caller. It logs how each call was answered; a refusal is an outcome, not a failed call. */
export function caller(o: Caller): string {
  const uri = `sip:${o.to}@${o.host ?? "[remote_ip]:[remote_port]"}`;
  const me = o.from ?? "+14155550100";
  const stream = o.play === undefined ? {} : ({ port: "stream" } as const);
  const offer = o.sdp === "none" ? "" : sdp({ ...stream, ...o.sdp });
  const via = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport";
  const from = `From: <sip:${me}@[local_ip]:[local_port]>;tag=[pid]c[call_number]`;
  const common = (cseq: string): string[] => ["Call-ID: [call_id]", `CSeq: ${cseq}`, "Max-Forwards: 70"];
  const contact = `Contact: <sip:${me}@[local_ip]:[local_port];transport=[transport]>`;
  const invite = (cseq: number, authorization: string): Step =>
    send(
      `INVITE ${uri} SIP/2.0`,
      [
        via,
        from,
        `To: <${uri}>`,
        ...common(`${cseq} INVITE`),
        contact,
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE",
        o.prack ? "Supported: 100rel" : "",
        authorization,
        ...(o.headers ?? []),
      ],
      offer,
      { retrans: 500 },
    );
  // The ACK of a refusal and the CANCEL belong to the INVITE's transaction: same branch, so the Via that came back.
  const hop = (method: string, cseq: number, to: string, more: Record<string, number> = {}): Step =>
    send(`${method} ${uri} SIP/2.0`, ["[last_Via:]", from, to, ...common(`${cseq} ${method}`)], "", more);
  const inDialog = (
    method: string,
    cseq: number,
    extra: readonly string[] = [],
    body = "",
    more = {},
  ): Step =>
    send(
      `${method} [next_url] SIP/2.0`,
      [
        via,
        from,
        `To: <${uri}>[peer_tag_param]`,
        "[routes]",
        ...common(`${cseq} ${method}`),
        contact,
        ...extra,
      ],
      body,
      more,
    );
  const code = keep(logged, "code");
  const refused = (cseq: number): Step[] => [
    label(`refused${cseq}`),
    hop("ACK", cseq, "[last_To:]"),
    act(note("refused")),
    goTo("end"),
  ];
  const finals = (cseq: number, challenged: boolean): Step[] => [
    ...refusals
      .filter((c) => !challenged || (c !== 401 && c !== 407))
      .map((c) => receive(c, { optional: true, next: `refused${cseq}` }, [code])),
    ...(challenged
      ? [401, 407].map((c) => receive(c, { optional: true, auth: true, next: "challenged" }))
      : []),
  ];
  const answered = (cseq: number): Step[] => [
    act(note("answered")),
    inDialog("ACK", cseq, [], o.sdp === "none" ? sdp(stream) : ""),
    ...(o.play === undefined ? [] : [play(o.play)]),
    ...(o.end === "callee"
      ? [...group({ timeout: forever }, "BYE"), send("SIP/2.0 200 OK", same)]
      : [
          // Nobody sends PUBLISH: the wait ends by its limit, and a BYE from the other side fails the call.
          ...group({ timeout: o.talkMs ?? 500, ontimeout: `bye${cseq}` }, "PUBLISH"),
          label(`bye${cseq}`),
          inDialog("BYE", cseq + 2, [], "", { retrans: 500 }),
          receive(200),
        ]),
    act(note("ended")),
    goTo("end"),
  ];
  const attempt = (cseq: number, authorization: string): Step[] => {
    const challenged = cseq === 1 && o.auth !== undefined;
    const steps = [invite(cseq, authorization)];
    if (o.cancelAfterMs !== undefined)
      return [
        ...steps,
        receive(100, { optional: true }),
        ...finals(cseq, challenged),
        receive(180, { rrs: true }),
        pause(o.cancelAfterMs),
        hop("CANCEL", cseq, `To: <${uri}>`, { retrans: 500 }),
        receive(200, { optional: true }),
        receive(487, {}, [code]),
        ...refused(cseq),
      ];
    if (o.prack)
      return [
        ...steps,
        receive(100, { optional: true }),
        ...finals(cseq, challenged),
        receive(183, { rrs: true }, [keep("RSeq: *([0-9]+)", "rseq")]),
        inDialog("PRACK", cseq + 1, [`RAck: [$rseq] ${cseq} INVITE`], "", { retrans: 500 }),
        receive(200),
        provisionals,
        receive(200, { rrs: true }, [code]),
        ...answered(cseq),
        ...refused(cseq),
      ];
    return [
      ...steps,
      provisionals,
      ...finals(cseq, challenged),
      receive(200, { rrs: true }, [code]),
      ...answered(cseq),
      ...refused(cseq),
    ];
  };
  const again =
    o.auth === undefined
      ? []
      : [
          label("challenged"),
          hop("ACK", 1, "[last_To:]"),
          ...attempt(2, `[authentication username=${o.auth.username} password=${o.auth.password}]`),
        ];
  return scenario(
    "caller",
    [act(note("invite")), ...attempt(1, ""), ...again, label("end"), pause(0)],
    ["code", "rseq"],
  );
}
