/** Runs a child process to its end and returns what happened as a value. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** What to start. `env` is the whole environment of the child, nothing is inherited. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Sent to standard input, which is then closed; without it standard input is empty. */
  readonly input?: string | Uint8Array;
  /** Milliseconds until the process group is killed; default 60 000. */
  readonly timeout?: number;
  /** Bytes kept of each stream, the last ones; default 1 MiB. */
  readonly maxOutput?: number;
  /** Kills the process group when aborted. */
  readonly signal?: AbortSignal;
  /** Complete lines of standard output as they come, without the line end. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** Complete lines that the child writes to file descriptor 3, which is open only where this is given. */
  readonly onStatusLine?: (line: string) => void;
}

export type RunOutcome = "exited" | "killed" | "timed_out" | "aborted" | "not_started";

export interface RunResult {
  readonly outcome: RunOutcome;
  /** True where the process ended by itself with exit code 0. */
  readonly ok: boolean;
  /** Exit code, where the process ended by itself. */
  readonly code?: number;
  /** The signal that ended it. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  /** True where one of the streams was longer than `maxOutput`. */
  readonly truncated: boolean;
  readonly milliseconds: number;
  /** Why it could not be started (ENOENT and the like). */
  readonly error?: string;
}

/**
 * Runs a command in a process group of its own and waits until it has ended and its output is read. Never
 * throws or rejects: a missing program, a time-out and a failure are outcomes. On a time-out or an abort
 * the whole group gets SIGTERM, and SIGKILL two seconds later; a process that has left the group is not reached.
 */
export function run(command: Command, options: RunOptions = {}): Promise<RunResult> {
  const started = performance.now();
  const limit = options.maxOutput ?? 1 << 20;
  const stdout = tail(limit);
  const stderr = tail(limit);
  return new Promise((resolve) => {
    let forced: "timed_out" | "aborted" | undefined;
    let settled = false;
    const finish = (end: Pick<RunResult, "outcome"> & Partial<RunResult>): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(hardTimer);
      options.signal?.removeEventListener("abort", onAbort);
      resolve({
        ok: end.outcome === "exited" && end.code === 0,
        stdout: stdout.text(),
        stderr: stderr.text(),
        truncated: stdout.truncated() || stderr.truncated(),
        milliseconds: performance.now() - started,
        ...end,
      });
    };
    let hardTimer: NodeJS.Timeout | undefined;
    const stop = (why: "timed_out" | "aborted"): void => {
      if (forced !== undefined) return;
      forced = why;
      killGroup(child, "SIGTERM");
      hardTimer = setTimeout(() => {
        killGroup(child, "SIGKILL");
        // a process that left the group may hold the pipes for as long as it lives
        hardTimer = setTimeout(() => letGo(child), 500);
      }, 2000);
    };
    const onAbort = (): void => stop("aborted");
    let timer: NodeJS.Timeout | undefined;
    if (options.signal?.aborted) {
      finish({ outcome: "aborted" });
      return;
    }
    let child: ChildProcess;
    try {
      child = spawn(command.file, [...command.args], {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...command.env },
        detached: true,
        stdio: [
          options.input === undefined ? "ignore" : "pipe",
          "pipe",
          "pipe",
          ...(options.onStatusLine ? (["pipe"] as const) : []),
        ],
      });
    } catch (error) {
      finish({ outcome: "not_started", error: String(error) });
      return;
    }
    timer = setTimeout(() => stop("timed_out"), options.timeout ?? 60_000);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    read(child.stdout, stdout, options.onStdoutLine);
    read(child.stderr, stderr, options.onStderrLine);
    if (options.onStatusLine) read(child.stdio[3] as Readable, undefined, options.onStatusLine);
    child.stdin?.on("error", () => {}); // a child that does not read its input is no failure of ours
    child.stdin?.end(options.input);
    child.on("error", (error) => {
      if (child.pid === undefined) finish({ outcome: "not_started", error: error.message });
    });
    child.on("exit", () => {
      // a grandchild that keeps the pipes open must not outlive a forced end
      if (forced !== undefined) killGroup(child, "SIGKILL");
    });
    child.on("close", (code, signal) =>
      finish({
        outcome: forced ?? (signal === null ? "exited" : "killed"),
        ...(code === null ? {} : { code }),
        ...(signal === null ? {} : { signal }),
      }),
    );
  });
}

/** One line that says how a run ended, for messages: `exit code 2`, `killed by SIGSEGV`, `no end after 5 s`. */
export function describeEnd(result: RunResult): string {
  switch (result.outcome) {
    case "exited":
      return `exit code ${result.code}`;
    case "killed":
      return `killed by ${result.signal}`;
    case "timed_out":
      return `no end after ${Math.round(result.milliseconds / 1000)} s`;
    case "aborted":
      return "interrupted";
    case "not_started":
      return `could not be started: ${result.error}`;
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}

function letGo(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
}

interface Tail {
  push(chunk: Buffer): void;
  text(): string;
  truncated(): boolean;
}

/** Keeps the last bytes of a stream, at most twice the limit in memory. */
function tail(limit: number): Tail {
  let chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  const shrink = (): void => {
    const all = Buffer.concat(chunks);
    cut ||= all.length > limit;
    chunks = [all.subarray(Math.max(0, all.length - limit))];
    size = Math.min(all.length, limit);
  };
  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 2 * limit) shrink();
    },
    text() {
      shrink();
      return chunks[0]?.toString("utf8") ?? "";
    },
    truncated: () => cut || size > limit,
  };
}

function read(
  stream: Readable | null | undefined,
  into: Tail | undefined,
  onLine?: (line: string) => void,
): void {
  if (!stream) return;
  let rest = "";
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    into?.push(chunk);
    if (!onLine) return;
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  if (onLine) stream.on("end", () => rest !== "" && onLine(rest));
}
