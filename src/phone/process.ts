/** How phones are started: anything that can run a program and read its lines, on this host or in a namespace. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Command } from "../host/run.ts";
import type { Programs } from "../host/runtime.ts";

export interface SpawnOptions {
  /** Added to the command's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Throws the output away instead of keeping its lines; for programs that paint screens. */
  readonly quiet?: boolean;
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Every line of stdout and stderr so far, oldest first. */
  readonly lines: readonly string[];
  /** Writes to the program's stdin. */
  write(text: string): void;
  /**
   * The first line from `from` on (default 0, an index into `lines`) that matches, waiting for it at most `ms`
   * milliseconds. Rejects with the last lines where none came, at once where the program ended.
   */
  waitFor(pattern: RegExp, ms: number, from?: number): Promise<string>;
  /** Sends a signal to the program alone. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM to the program and what it forked, SIGKILL after `graceMs` (default 2000); resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** The exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
}

export interface Launcher {
  spawn(name: string, command: Command, options?: SpawnOptions): Promise<Running>;
}

/** Programs of a private root, and where its files lie for those that need to be told. */
export interface Tools extends Programs {
  /** The folder that holds `usr`. */
  readonly root: string;
  /** Folder of its shared libraries. */
  readonly libraries: string;
}

export interface LineLog {
  readonly lines: readonly string[];
  push(line: string): void;
  end(): void;
  waitFor(pattern: RegExp, ms: number, from?: number): Promise<string>;
}

/** The lines of one program and those who wait for one of them. */
export function lineLog(name: string): LineLog {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = (): void => {
    for (const w of [...waiting]) w();
  };
  return {
    lines,
    push: (line) => {
      lines.push(line);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    waitFor: (pattern, ms, from = 0) =>
      new Promise((resolve, reject) => {
        let next = from;
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const fail = (why: string): void => {
          finish();
          reject(new Error(`${name}: ${why} before ${pattern}; last lines:\n${lines.slice(-25).join("\n")}`));
        };
        const look = (): void => {
          for (; next < lines.length; next++) {
            const line = lines[next] ?? "";
            if (!pattern.test(line)) continue;
            finish();
            resolve(line);
            return;
          }
          if (ended) fail("ended");
        };
        const timer = setTimeout(() => fail(`${ms} ms passed`), ms);
        waiting.add(look);
        look();
      }),
  };
}

/** Starts programs on this host, in the network namespace of the caller. */
export const here: Launcher = {
  spawn: (name, command, options = {}) =>
    new Promise((resolve, reject) => {
      const out = options.quiet ? "ignore" : "pipe";
      const env = { ...command.env, ...options.env };
      const child = spawn(command.file, [...command.args], {
        cwd: options.cwd,
        env,
        stdio: ["pipe", out, out],
        detached: true,
      });
      const log = lineLog(name);
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on("line", log.push);
      }
      child.stdin?.on("error", () => {});
      const exited = new Promise<number | null>((done) => {
        child.once("exit", (code) => {
          log.end();
          done(code);
        });
      });
      child.once("error", reject);
      child.once("spawn", () => {
        const pid = child.pid ?? 0;
        const signalGroup = (signal: NodeJS.Signals): void => {
          try {
            process.kill(-pid, signal);
          } catch {
            // The group is already gone.
          }
        };
        resolve({
          name,
          pid,
          lines: log.lines,
          write: (text) => child.stdin?.write(text),
          waitFor: log.waitFor,
          kill: (signal) => child.kill(signal),
          stop: async (graceMs = 2000) => {
            signalGroup("SIGTERM");
            const timer = setTimeout(() => signalGroup("SIGKILL"), graceMs);
            await exited;
            clearTimeout(timer);
            signalGroup("SIGKILL");
          },
          exited,
        });
      });
    }),
};
