/** Asterisk in a lab, as a PBX that calls, as an agent that answers, and as a provider where others register. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Message, tracedMessages } from "../../src/phone/message.ts";
import type { Running, Tools } from "../../src/phone/process.ts";
import { type Recognition, recognise } from "../../src/phone/tone.ts";
import { readWav } from "../../src/phone/wav.ts";
import { type AsteriskSettings, asteriskFiles } from "./asterisk-config.ts";
import type { Lab, Place } from "./netns.ts";

export interface AsteriskCall {
  readonly to: string;
  /** Name of the trunk, or of a user who has registered. */
  readonly trunk: string;
  /** Calls the contact as it was registered, and leaves out the number: the Request-URI is the contact then. */
  readonly asRegistered?: boolean;
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

/** What a lab Asterisk of any version can do. */
export interface AsteriskPhone {
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

export interface Asterisk extends AsteriskPhone {
  /** The URIs that are registered here under the name of a user or trunk. */
  contacts(name: string): Promise<readonly string[]>;
  /** Whether it is registered where its trunk says. */
  registered(trunk: string): Promise<boolean>;
}

export type { AsteriskTrunk } from "./asterisk-config.ts";

let calls = 0;

function callFile(id: string, call: AsteriskCall): string {
  const variables: Record<string, string> = {
    CREW_ID: id,
    CREW_TRUNK: call.trunk,
    CREW_AS_REGISTERED: call.asRegistered ? "1" : "",
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

export interface AsteriskProgram {
  /** The files of `etc` by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly tools: Tools;
  /** The lines of the console before a message; the captured group is there where it was sent. */
  readonly trace: { readonly mark: RegExp; readonly sentIf: string };
}

/** The folder of a lab Asterisk, where its configuration says that files are. */
export const asteriskFolder = (lab: Lab, name: string): string => join(lab.dir, name);

/** Starts an Asterisk with these files and waits until it is ready, about a second. */
export async function runAsterisk(
  lab: Lab,
  name: string,
  program: AsteriskProgram,
  at: Place,
): Promise<AsteriskPhone> {
  const dir = asteriskFolder(lab, name);
  for (const d of ["etc", "var/keys", "run", "spool/outgoing", "recordings"])
    mkdirSync(join(dir, d), { recursive: true });
  for (const [file, text] of Object.entries(program.files)) writeFileSync(join(dir, "etc", file), text);
  const conf = join(dir, "etc/asterisk.conf");
  const command = program.tools.command("asterisk", ["-f", "-c", "-n", "-vvv", "-C", conf]);
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
    messages: () => tracedMessages(running.lines, program.trace.mark, program.trace.sentIf),
    cli: async (what) => {
      const { output } = await lab.exec(program.tools.command("asterisk", ["-C", conf, "-rx", what]));
      return output;
    },
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

/** Starts an Asterisk on a host (default the lab itself) and waits until it is ready, about a second. */
export async function startAsterisk(
  lab: Lab,
  name: string,
  settings: AsteriskSettings,
  at: Place = lab,
): Promise<Asterisk> {
  const files = asteriskFiles(settings, asteriskFolder(lab, name), lab.tools);
  const trace = { mark: /^<--- (Transmitting|Received) SIP/, sentIf: "Transmitting" };
  const phone = await runAsterisk(lab, name, { files, tools: lab.tools, trace }, at);
  return {
    ...phone,
    contacts: async (of) => {
      const stored = await phone.cli(`database show registrar/contact`);
      return stored.split("\n").flatMap((line) => {
        const [, key = "", json = ""] = /^(\S+?)\s*: (\{.*\})/.exec(line) ?? [];
        return key.startsWith(`/registrar/contact/${of};`)
          ? [(JSON.parse(json) as { uri: string }).uri.replaceAll("^3B", ";")]
          : [];
      });
    },
    registered: async (trunk) => {
      const shown = await phone.cli("pjsip show registrations");
      return shown.split("\n").some((l) => l.trim().startsWith(`${trunk}-reg/`) && / Registered\b/.test(l));
    },
  };
}
