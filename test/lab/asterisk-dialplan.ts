// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the dialplan are written so
/** The dialplan of lab Asterisks: what they do with calls and how they place them, told in lines `CREW <event> id=<id> key=value…`. */
import type { Section } from "./asterisk-files.ts";

/** What becomes of a call: echo, a tone of so many hertz, or a hang-up with this Q.850 cause. */
export type Treatment = "echo" | { readonly hz: number } | { readonly cause: number };

export interface Extension {
  readonly does: Treatment;
  /** Rings so long before that; default 0, which sends no 180. */
  readonly ringMs?: number;
}

/** The lines of one extension. */
const steps = (pattern: string, first: string, ...next: string[]): string[] => [
  `exten => ${pattern},1,${first}`,
  ...next.map((s) => ` same => n,${s}`),
];

const record = (recordings: string, file: string): string =>
  `MixMonitor(${recordings}/${file}.mix.wav,r(${recordings}/${file}.wav))`;

const any = "_[+0-9a-zA-Z]!";

function answering(pattern: string, o: Extension, recordings: string): string[] {
  const { does, ringMs } = o;
  const ring = ringMs === undefined ? [] : ["Ringing()", `Wait(${ringMs / 1000})`];
  const answer =
    typeof does === "object" && "cause" in does
      ? [`Hangup(${does.cause})`]
      : [
          "Answer()",
          record(recordings, "${UNIQUEID}"),
          ...(does === "echo" ? ["Echo()"] : [`Playtones(${does.hz})`, "Wait(3600)"]),
        ];
  const arrival =
    "CREW in id=${UNIQUEID} to=${EXTEN} from=${CALLERID(num)} trunk=${CHANNEL(endpoint)} codecs=${CHANNEL(audionativeformat)}";
  return steps(pattern, `Verbose(0,${arrival})`, ...ring, ...answer);
}

/** Context `incoming`: numbers with a treatment of their own, and all others. */
export function incomingContext(
  numbers: Readonly<Record<string, Extension>>,
  others: Extension,
  recordings: string,
): Section {
  return [
    "incoming",
    ...Object.entries(numbers).flatMap(([number, o]) => answering(number, o, recordings)),
    ...answering(any, others, recordings),
    // Else the end of each call would be one more call, to "h".
    ...steps("h", "NoOp()"),
  ];
}

const outcome =
  'Verbose(0,CREW out id=${CREW_ID} status=${DIALSTATUS} seconds=${ANSWEREDTIME} sip="${HANGUPCAUSE(${key},tech)}")';

/** Contexts that place calls over PJSIP: by number at a trunk, or to a trunk's contact as it is registered. */
export function pjsipOutgoing(): readonly Section[] {
  const contact = "PJSIP/${CREW_TRUNK}";
  const number = "PJSIP/${EXTEN}@${CREW_TRUNK}";
  return [
    [
      "outgoing",
      ...steps(
        any,
        "Verbose(0,CREW dial id=${CREW_ID})",
        "Set(CALLERID(num)=${CREW_FROM})",
        `Dial(\${IF($["\${CREW_AS_REGISTERED}"="1"]?${contact}:${number})},\${CREW_RING},b(headers^s^1))`,
      ),
      ...steps("h", "Set(key=${HANGUPCAUSE_KEYS()})", outcome),
    ],
    [
      "headers",
      ...steps(
        "s",
        "NoOp()",
        ...[1, 2, 3, 4, 5].map(
          (n) => `ExecIf($["\${CREW_N${n}}"!=""]?Set(PJSIP_HEADER(add,\${CREW_N${n}})=\${CREW_V${n}}))`,
        ),
        "Return()",
      ),
    ],
  ];
}

/** Context that places calls by going to a context of somebody else's dialplan, and tells how they ended. */
export function outgoingThrough(context: string): readonly Section[] {
  return [
    [
      "outgoing",
      ...steps(
        any,
        "Verbose(0,CREW dial id=${CREW_ID})",
        "Set(CALLERID(num)=${CREW_FROM})",
        "Set(CHANNEL(hangup_handler_push)=ended,s,1)",
        `Goto(${context},\${EXTEN},1)`,
      ),
    ],
    ["ended", ...steps("s", "Set(key=${HANGUPCAUSE_KEYS()})", outcome, "Return()")],
  ];
}

/** Context of the near end of a placed call: it records, plays a tone, sends digits, and hangs up. */
export function talkContext(recordings: string): Section {
  return [
    "talk",
    ...steps(
      "s",
      "Verbose(0,CREW up id=${CREW_ID})",
      record(recordings, "${CREW_ID}"),
      'ExecIf($["${CREW_HZ}"!=""]?Playtones(${CREW_HZ}))',
      'ExecIf($["${CREW_DIGITS}"!=""]?SendDTMF(${CREW_DIGITS}))',
      "Wait(${CREW_TALK})",
      "Hangup()",
    ),
  ];
}
