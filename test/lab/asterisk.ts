/** Asterisk in a lab, as a PBX that calls and as an agent that answers. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Message, tracedMessages } from "../../src/phone/message.ts";
import type { Running } from "../../src/phone/process.ts";
import { type Recognition, recognise } from "../../src/phone/tone.ts";
import { readWav } from "../../src/phone/wav.ts";
import { type AsteriskSettings, asteriskFiles } from "./asterisk-config.ts";
import type { Lab, Place } from "./netns.ts";

export interface AsteriskCall {
  readonly to: string;
  /** Name of the trunk. */
  readonly trunk: string;
  /** Caller's number; default +14155550100. */
  readonly from?: string;
  /** Gives up ringing after so many seconds, with CANCEL; default 20. */
  readonly ringSeconds?: number;
  /** From the answer to the BYE; default 1000. The other side may hang up earlier. */
  readonly talkMs?: number;
  /** Tone to play; none is silence. */
  readonly hz?: number;
  /** DTMF digits to send once up. */
  readonly digits?: string;
  /** Up to five headers of the INVITE. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AsteriskOutcome {
  readonly answered: boolean;
  /** The final code as Asterisk tells it, undefined where it had none. */
  readonly code?: number;
  /** DIALSTATUS: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL. */
  readonly status: string;
  /** From dialling to the answer or the end, in milliseconds, as the test saw it. */
  readonly answerMs: number;
  heard(hz: number, minMs?: number): Recognition;
}

export interface AsteriskArrival {
  readonly to: string;
  readonly from: string;
  readonly trunk: string;
  /** Asterisk's names of the codecs in the offer that it takes. */
  readonly codecs: readonly string[];
  heard(hz: number, minMs?: number): Recognition;
}

export interface Asterisk {
  readonly running: Running;
  /** Every SIP message so far. */
  messages(): readonly Message[];
  /** Runs one command of the command line interface. */
  cli(command: string): Promise<string>;
  call(call: AsteriskCall): Promise<AsteriskOutcome>;
  /** The next incoming call that no wait has seen yet. */
  incoming(ms: number): Promise<AsteriskArrival>;
  /** What it heard in the call that came in last. */
  lastHeard(hz: number, minMs?: number): Recognition;
  stop(): Promise<void>;
}

export type { AsteriskTrunk } from "./asterisk-config.ts";

let calls = 0;

function callFile(id: string, call: AsteriskCall): string {
  const variables: Record<string, string> = {
    CREW_ID: id,
    CREW_TRUNK: call.trunk,
    CREW_FROM: call.from ?? "+14155550100",
    CREW_RING: `${call.ringSeconds ?? 20}`,
    CREW_TALK: `${(call.talkMs ?? 1000) / 1000}`,
    CREW_HZ: call.hz === undefined ? "" : `${call.hz}`,
    CREW_DIGITS: call.digits ?? "",
  };
  for (const [i, [name, value]] of Object.entries(call.headers ?? {}).entries()) {
    if (i === 5) throw new Error("a lab Asterisk adds five headers at most");
    variables[`CREW_N${i + 1}`] = name;
    variables[`CREW_V${i + 1}`] = value;
  }
  return [
    `Channel: Local/${call.to}@outgoing/n`,
    "Context: talk",
    "Extension: s",
    "Priority: 1",
    `WaitTime: ${(call.ringSeconds ?? 20) + 5}`,
    "MaxRetries: 0",
    // Two underscores: the channel towards the trunk, where headers are set, inherits them.
    ...Object.entries(variables).map(([k, v]) => `SetVar: __${k}=${v}`),
    "",
  ].join("\n");
}

/** Starts an Asterisk on a host (default the lab itself) and waits until it is ready, about a second. */
export async function startAsterisk(
  lab: Lab,
  name: string,
  settings: AsteriskSettings,
  at: Place = lab,
): Promise<Asterisk> {
  const dir = join(lab.dir, name);
  for (const d of ["etc", "var/keys", "run", "spool/outgoing", "recordings"])
    mkdirSync(join(dir, d), { recursive: true });
  for (const [file, text] of Object.entries(asteriskFiles(settings, dir, lab.tools)))
    writeFileSync(join(dir, "etc", file), text);
  const conf = join(dir, "etc/asterisk.conf");
  const command = lab.tools.command("asterisk", ["-f", "-c", "-n", "-vvv", "-C", conf]);
  const running = await at.spawn(name, command, { cwd: dir, env: { TERM: "dumb" } });
  await running.waitFor(/^Asterisk Ready\./, 15_000);
  const heard =
    (id: string) =>
    (hz: number, minMs?: number): Recognition => {
      const file = join(dir, "recordings", `${id}.wav`);
      return existsSync(file) ? recognise(readWav(file), hz, minMs) : { heard: false, ms: 0, of: 0 };
    };
  const field = (line: string, key: string): string =>
    new RegExp(`\\b${key}=("([^"]*)"|\\S*)`).exec(line)?.[1] ?? "";
  let seen = 0;
  return {
    running,
    messages: () => tracedMessages(running.lines, /^<--- (Transmitting|Received) SIP/, "Transmitting"),
    cli: async (what) => (await lab.exec(lab.tools.command("asterisk", ["-C", conf, "-rx", what]))).output,
    call: async (call) => {
      const id = `call-${++calls}`;
      const from = running.lines.length;
      const limit = ((call.ringSeconds ?? 20) + 8) * 1000 + (call.talkMs ?? 1000);
      // Written elsewhere first: the spooler takes a file the moment it appears, and dials within a second.
      writeFileSync(join(dir, id), callFile(id, call));
      renameSync(join(dir, id), join(dir, "spool/outgoing", id));
      const event = (name: string, ms: number): Promise<string> =>
        running.waitFor(new RegExp(`^ *CREW ${name} id=${id}\\b`), ms, from);
      await event("dial", 5000);
      const start = Date.now();
      let answerMs = 0;
      const up = event("(up|out)", limit).then(() => {
        answerMs = Date.now() - start;
      });
      const line = await event("out", limit);
      await up;
      const status = field(line, "status");
      const code = Number(/SIP (\d{3})/.exec(line)?.[1] ?? 0);
      return {
        answered: status === "ANSWER",
        ...(code === 0 ? {} : { code }),
        status,
        answerMs,
        heard: heard(id),
      };
    },
    incoming: async (ms) => {
      const line = await running.waitFor(/^ *CREW in id=/, ms, seen);
      seen = running.lines.indexOf(line, seen) + 1;
      return {
        to: field(line, "to"),
        from: field(line, "from"),
        trunk: field(line, "trunk"),
        codecs: field(line, "codecs").replace(/[()]/g, "").split("|"),
        heard: heard(field(line, "id")),
      };
    },
    lastHeard: (hz, minMs) => {
      const line = running.lines.findLast((l) => /^ *CREW in id=/.test(l));
      return line === undefined ? { heard: false, ms: 0, of: 0 } : heard(field(line, "id"))(hz, minMs);
    },
    stop: () => running.stop(3000),
  };
}
