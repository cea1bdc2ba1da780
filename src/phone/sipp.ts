/** Running SIPp, as one caller, as many callers, or as an answering agent. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../host/run.ts";
import type { Programs } from "../host/runtime.ts";
import type { Message } from "./message.ts";
import type { Launcher, Running } from "./process.ts";
import { type Callee, callee } from "./sipp-callee.ts";

export interface SippOptions {
  readonly launcher: Launcher;
  readonly tools: Programs;
  /** A folder for the scenario and the logs; made where it does not exist. */
  readonly dir: string;
  readonly name: string;
  /** Local address, of signalling and media. */
  readonly address: string;
  /** Local port; default 5060. */
  readonly port?: number;
  readonly transport?: "udp" | "tcp" | "tls";
  /** For TLS. Paths of PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string };
  /** First RTP port; default 16000. Programs on one address need ranges that do not touch. */
  readonly rtpPort?: number;
  /** Sends received RTP back to its sender. */
  readonly echo?: boolean;
  /** Keeps every message; default true. Not for load. */
  readonly trace?: boolean;
  /** A message that was waited for so long fails the call; default 35,000, a little more than RFC 3261's Timer B. */
  readonly receiveMs?: number;
  /** Whole command line arguments beside those made here. */
  readonly args?: readonly string[];
}

export interface SippCallerOptions extends SippOptions {
  /** Where it sends: `host:port`. */
  readonly remote: string;
  /** Number of calls; default 1. */
  readonly calls?: number;
  /** Calls a second; default 10. */
  readonly rate?: number;
  /** Calls at the same time at most. */
  readonly atOnce?: number;
}

/** One line that a scenario logged. */
export interface CallEvent {
  readonly event: "invite" | "invited" | "answered" | "refused" | "cancelled" | "ended";
  readonly call: number;
  /** Milliseconds of SIPp's clock. */
  readonly at: number;
  readonly code?: number;
}

export interface Sipp {
  readonly running: Running;
  events(): readonly CallEvent[];
  /** The messages so far, where `trace` is on. */
  messages(): readonly Message[];
  /** SIPp's own account of what it did not expect. */
  errors(): string;
  stop(): Promise<void>;
}

export interface SippResult {
  readonly ok: number;
  readonly failed: number;
  /** SIPp's exit code: 0 all good, 1 some call failed, 97 time out, 99 no calls, others fatal (sipp(1)). */
  readonly exit: number | null;
  /** How many calls ended with which final code. */
  readonly codes: Readonly<Record<number, number>>;
  /** INVITE to 200 of each answered call, in milliseconds, in call order. */
  readonly answerMs: readonly number[];
  /** Messages that SIPp sent again because nothing came. */
  readonly retransmissions: number;
  readonly events: readonly CallEvent[];
  readonly messages: readonly Message[];
  readonly errors: string;
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

function parseEvents(text: string): CallEvent[] {
  return [...text.matchAll(/(\w+) call=(\d+) at=(\d+)(?: code=(\d*))?/g)].map(
    ([, event, call, at, code]) => ({
      event: event as CallEvent["event"],
      call: Number(call),
      at: Number(at),
      ...(code ? { code: Number(code) } : {}),
    }),
  );
}

function parseMessages(text: string): Message[] {
  return text
    .split(/^-{20,}.*$/m)
    .map((part) => /message (sent|received)[^\n]*:\n\n([\s\S]*)/.exec(part))
    .filter((m) => m !== null)
    .map(([, direction, body]) => ({ direction: direction as Message["direction"], text: body ?? "" }));
}

function command(o: SippOptions, scenario: string, more: readonly string[] = []): Command {
  mkdirSync(o.dir, { recursive: true });
  // What a run of the same name left behind would be taken for this one's.
  for (const kind of ["errors", "log", "csv", "messages"])
    rmSync(join(o.dir, `${o.name}.${kind}`), { force: true });
  const file = join(o.dir, `${o.name}.xml`);
  writeFileSync(file, scenario);
  const rtp = o.rtpPort ?? 16000;
  const transport = { udp: "u1", tcp: "t1", tls: "l1" }[o.transport ?? "udp"];
  const tls = o.tls;
  const args = [
    ...[
      "-sf",
      file,
      "-i",
      o.address,
      "-p",
      `${o.port ?? 5060}`,
      "-mi",
      o.address,
      "-bind_local",
      "-t",
      transport,
    ],
    ...["-min_rtp_port", `${rtp}`, "-max_rtp_port", `${rtp + 998}`, "-nostdin", "-aa"],
    // Each SIPp takes a UDP control port, of IPv4; 8888 and up by default, which several at once would race for.
    ...["-ci", o.address.includes(":") ? "127.0.0.1" : o.address, "-cp", `${rtp + 999}`],
    ...["-recv_timeout", `${o.receiveMs ?? 35_000}`, "-max_reconnect", "5", "-reconnect_close", "false"],
    ...["-trace_err", "-error_file", join(o.dir, `${o.name}.errors`)],
    ...["-trace_logs", "-log_file", join(o.dir, `${o.name}.log`)],
    ...["-trace_stat", "-stf", join(o.dir, `${o.name}.csv`), "-fd", "1"],
    ...(o.trace === false ? [] : ["-trace_msg", "-message_file", join(o.dir, `${o.name}.messages`)]),
    ...(o.echo ? ["-rtp_echo"] : []),
    ...(tls
      ? ["-tls_cert", tls.certificate, "-tls_key", tls.key, ...(tls.ca ? ["-tls_ca", tls.ca] : [])]
      : []),
    ...(o.args ?? []),
    ...more,
  ];
  return o.tools.command("sipp", args);
}

/** Jumps at a time limit are how scenarios wait, and a busy machine trips SIPp's watchdog; it reports both like errors. */
function realErrors(text: string): string {
  return text
    .split("\n")
    .filter(
      (line) =>
        line.trim() !== "" &&
        !/, jumping to label |^The following events occurred:|Overload warning: the \w+ watchdog timer/.test(
          line,
        ),
    )
    .join("\n");
}

async function start(o: SippOptions, command: Command): Promise<Sipp> {
  // SIPp paints its screen on stdout; what it has to say of failures is in the files.
  const running = await o.launcher.spawn(o.name, command, { cwd: o.dir, env: { TERM: "dumb" }, quiet: true });
  const file = (kind: string): string => read(join(o.dir, `${o.name}.${kind}`));
  return {
    running,
    events: () => parseEvents(file("log")),
    messages: () => parseMessages(file("messages")),
    errors: () => realErrors(file("errors")),
    stop: () => running.stop(500),
  };
}

/** Starts an answering SIPp; it serves calls until stopped. With `echo` it sends back what it hears. */
export async function sippAgent(o: SippOptions, behaviour: Callee | string = {}): Promise<Sipp> {
  const scenario = typeof behaviour === "string" ? behaviour : callee(behaviour);
  const sipp = await start(o, command(o, scenario));
  // Listening is not announced; the statistics file is the first thing written after the sockets are bound.
  for (let waited = 0; !existsSync(join(o.dir, `${o.name}.csv`)); waited += 20) {
    if (waited > 5000) throw new Error(`${o.name}: SIPp does not come up: ${sipp.errors()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return sipp;
}

/** The last row of SIPp's statistics by column name. */
function statistics(csv: string): Readonly<Record<string, string>> {
  const [head = "", ...rows] = csv.trim().split("\n");
  const last = rows.at(-1)?.split(";") ?? [];
  return Object.fromEntries(head.split(";").map((name, i) => [name, last[i] ?? ""]));
}

/** Runs a calling scenario to the end of its last call. Failed calls are a result, not an exception. */
export async function sippCall(o: SippCallerOptions, scenario: string): Promise<SippResult> {
  const calls = o.calls ?? 1;
  const more = [
    "-m",
    `${calls}`,
    "-r",
    `${o.rate ?? 10}`,
    ...(o.atOnce === undefined ? [] : ["-l", `${o.atOnce}`]),
  ];
  const sipp = await start(o, command(o, scenario, [...more, o.remote]));
  const exit = await sipp.running.exited;
  const stat = statistics(read(join(o.dir, `${o.name}.csv`)));
  const events = sipp.events();
  const codes: Record<number, number> = {};
  const invited = new Map<number, number>();
  const answerMs: number[] = [];
  for (const e of events) {
    if (e.event === "invite") invited.set(e.call, e.at);
    if ((e.event === "answered" || e.event === "refused") && e.code !== undefined)
      codes[e.code] = (codes[e.code] ?? 0) + 1;
    if (e.event === "answered") answerMs.push(e.at - (invited.get(e.call) ?? e.at));
  }
  return {
    ok: Number(stat["SuccessfulCall(C)"] ?? 0),
    failed: Number(stat["FailedCall(C)"] ?? 0),
    retransmissions: Number(stat["Retransmissions(C)"] ?? 0),
    exit,
    codes,
    answerMs,
    events,
    messages: sipp.messages(),
    errors: sipp.errors(),
  };
}
