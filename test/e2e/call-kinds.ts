/** Kinds of calls that a swap can hurt, as SIPp plays them. */
import type { Callee } from "../../src/phone/sipp-callee.ts";
import type { Caller } from "../../src/phone/sipp-caller.ts";
import {
  act,
  forever,
  goTo,
  keep,
  label,
  log,
  pause,
  receive,
  same,
  scenario,
  sdp,
  send,
} from "../../src/phone/sipp-xml.ts";

export interface Kind {
  readonly name: string;
  /** Calls a second. */
  readonly rate: number;
  /** What every call must end with. */
  readonly code: number;
  readonly caller: Partial<Caller> | ((to: string) => string);
  readonly callee: Callee | string;
}

/** A callee that sends 100 and no 180, and waits for a CANCEL. */
export function unsounding(): string {
  const kept = [
    "[$vias]From:[$from]",
    "To:[$to];tag=[pid]s[call_number]",
    "Call-ID: [call_id]",
    "CSeq:[$cseq]",
  ];
  const header = (name: string, into: string): string =>
    `<ereg regexp=".*" search_in="hdr" header="${name}:" check_it="true" assign_to="${into}"/>`;
  const invite = receive("INVITE", {}, [
    keep("[[:cntrl:]]((Via:[^[:cntrl:]]*[[:cntrl:]]+)+)", "vias"),
    header("From", "from"),
    header("To", "to"),
    header("CSeq", "cseq"),
  ]);
  const steps = [
    invite,
    send("SIP/2.0 100 Trying", kept),
    receive("CANCEL", { timeout: forever }),
    send("SIP/2.0 200 OK", same),
    send("SIP/2.0 487 Request Terminated", kept, "", { retrans: 500 }),
    receive("ACK"),
    pause(0),
  ];
  return scenario("unsounding", steps, ["vias", "from", "to", "cseq"]);
}

/** A caller that gives up `ms` after the edge's 100, before any ringing, or after the agent's 180. */
export function givesUp(after: 100 | 180, ms: number): (to: string) => string {
  return (to) => {
    const uri = `sip:${to}@[remote_ip]:[remote_port]`;
    const via = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport";
    const from = "From: <sip:+14155550100@[local_ip]:[local_port]>;tag=[pid]c[call_number]";
    const more = (cseq: string): string[] => ["Call-ID: [call_id]", `CSeq: ${cseq}`, "Max-Forwards: 70"];
    const contact = "Contact: <sip:+14155550100@[local_ip]:[local_port]>";
    const note = (event: string): string => log(`${event} call=[call_number] at=[clock_tick] code=[$code]`);
    const refused = [503, 500, 480, 408, 404, 481, 403].map((code) =>
      receive(code, { optional: true, next: "refused" }, [keep("^SIP/2.0 ([0-9]+)", "code")]),
    );
    const steps = [
      act(note("invite")),
      send(`INVITE ${uri} SIP/2.0`, [via, from, `To: <${uri}>`, ...more("1 INVITE"), contact], sdp(), {
        retrans: 500,
      }),
      ...refused,
      ...(after === 180 ? [receive(100, { optional: true })] : []),
      receive(after),
      pause(ms),
      send(`CANCEL ${uri} SIP/2.0`, ["[last_Via:]", from, `To: <${uri}>`, ...more("1 CANCEL")], "", {
        retrans: 500,
      }),
      // Of two workers one may send the 487 before the other sends this: good at any time.
      receive(200, { optional: "global" }),
      receive(487, {}, [keep("^SIP/2.0 ([0-9]+)", "code")]),
      label("refused"),
      send(`ACK ${uri} SIP/2.0`, ["[last_Via:]", from, "[last_To:]", ...more("1 ACK")]),
      act(note("refused")),
      goTo("end"),
      label("end"),
      pause(0),
    ];
    return scenario("gives-up", steps, ["code"]);
  };
}

/** Twenty calls a second in all, of every kind that a swap can hurt. */
export const everyKind: readonly Kind[] = [
  { name: "answered at once", rate: 5, code: 200, caller: { talkMs: 1000 }, callee: {} },
  { name: "rings 2 s", rate: 4, code: 200, caller: { talkMs: 500 }, callee: { ringMs: 2000 } },
  { name: "rings 20 s", rate: 3, code: 200, caller: { talkMs: 500 }, callee: { ringMs: 20_000 } },
  {
    name: "CANCEL after 180",
    rate: 2,
    code: 487,
    caller: givesUp(180, 2500),
    callee: { ringMs: 30_000 },
  },
  { name: "CANCEL before 180", rate: 2, code: 487, caller: givesUp(100, 1500), callee: unsounding() },
  { name: "busy", rate: 2, code: 486, caller: {}, callee: { ringMs: 2000, answer: 486 } },
  {
    name: "early media",
    rate: 1,
    code: 200,
    caller: { talkMs: 500 },
    callee: { ringMs: 3000, ringing: 183 },
  },
  { name: "held", rate: 1, code: 200, caller: { talkMs: 15_000 }, callee: {} },
];
