/**
 * A cell: a throwaway user, network, pid, ipc and mount namespace without a way out, in which the native programs read
 * and run a config. It ends with the process that made it; nothing in it can outlive it, and nothing reaches the network.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Command } from "../host/run.ts";
import { type CellSocket, cellSocket } from "./cell-socket.ts";
import { type Event, inside, type Order } from "./inside.ts";

export interface CellOptions {
  /** The one folder of the host that the cell can write to. */
  readonly directory: string;
  /** A folder that stays visible wherever it lies. */
  readonly bundle: string;
  /** Milliseconds after which everything inside is killed. */
  readonly life: number;
  readonly signal?: AbortSignal;
}

export interface CellLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export interface CellEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly error?: string;
  readonly lines: readonly CellLine[];
}

export interface CellProcess {
  /** Lines so far, at most a mebibyte in all. */
  readonly lines: readonly CellLine[];
  readonly ended: Promise<CellEnd>;
  /** The end where there is one already. */
  end(): CellEnd | undefined;
  kill(signal: NodeJS.Signals): void;
}

export interface Cell {
  start(command: Command, options?: { readonly input?: string }): CellProcess;
  /** Runs to the end; SIGKILL and `signal: "SIGKILL"` after `timeout` milliseconds (default 5000). */
  run(command: Command, options?: { readonly input?: string; readonly timeout?: number }): Promise<CellEnd>;
  /** A UDP socket inside; port 0 takes a free one. The text says why it cannot be bound. */
  bind(address: string, port?: number): Promise<CellSocket | string>;
  /** Resolves when the cell is gone: closed, killed or out of time. */
  readonly gone: Promise<void>;
  close(): Promise<void>;
}

const outputBytes = 1 << 20;

/**
 * The file systems of the host become read-only but for the cell's folder; /run, with the sockets of the host's services,
 * is its own unless one of the folders lies there. Where a mount point cannot be made read-only the cell works all the
 * same: its programs are no more privileged than their user. PID 1 is a shell, which reaps what daemons leave behind; a
 * background job would lose stdin, hence descriptor 3.
 */
const boot = `
dir=$1; bundle=$2; shift 2
mount --make-rprivate / 2>/dev/null
mount --bind "$dir" "$dir" 2>/dev/null
while read -r _ _ _ _ at options _; do
  case $at in "$dir"|/proc|/proc/*|/sys|/sys/*|/dev|/dev/*) continue;; esac
  kept=; case ,$options, in *,nosuid,*) kept=$kept,nosuid;; esac
  case ,$options, in *,nodev,*) kept=$kept,nodev;; esac
  case ,$options, in *,noexec,*) kept=$kept,noexec;; esac
  case ,$options, in *,noatime,*) kept=$kept,noatime;; *,relatime,*) kept=$kept,relatime;; esac
  mount -o "remount,bind,ro$kept" "$at" 2>/dev/null
done < /proc/self/mountinfo
case "$dir:$bundle" in /run/*|*:/run/*) ;; *) mount -t tmpfs -o size=16m tmpfs /run 2>/dev/null;; esac
printf 'nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n' > "$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf 2>/dev/null
mount -o remount,ro /proc 2>/dev/null
exec 3<&0; "$@" <&3 & exec 3<&-; wait
`;

/** Opens a cell; the text says why it could not be. */
export async function openCell(options: CellOptions): Promise<Cell | string> {
  const code = `const __name = (f) => f; (${inside.toString()})(${options.life}, ${outputBytes});`;
  const shell = ["sh", "-c", boot, "sh", options.directory, options.bundle, process.execPath, "-e", code];
  const namespaces = ["--user", "--map-root-user", "--net", "--ipc", "--mount", "--pid"];
  const child = spawn("unshare", [...namespaces, "--fork", "--kill-child", "--mount-proc", ...shell], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-2000);
  });
  const handlers = new Map<number, (event: Event) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line) as Event;
    handlers.get(event.id)?.(event);
  });
  child.stdin.on("error", () => {});
  const failed = await new Promise<string | undefined>((resolve) => {
    handlers.set(0, () => resolve(undefined));
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(complaint.trim() || "the namespace ended at once"));
  });
  if (failed?.startsWith("[eval]")) throw new Error(`the program of the cell is broken: ${failed}`);
  if (failed !== undefined) return failed;
  return cellOf(child, handlers, options);
}

function cellOf(
  child: ChildProcess,
  handlers: Map<number, (event: Event) => void>,
  options: CellOptions,
): Cell {
  let lastId = 0;
  const tell = (order: Order): void => void child.stdin?.write(`${JSON.stringify(order)}\n`);
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once("exit", () => {
      for (const [id, handler] of handlers) handler({ id, event: "exit", code: null, signal: "SIGKILL" });
      resolve();
    });
  });
  const close = async (): Promise<void> => {
    options.signal?.removeEventListener("abort", close);
    child.kill("SIGKILL");
    await gone;
  };
  options.signal?.addEventListener("abort", close, { once: true });
  if (options.signal?.aborted) void close();

  const start: Cell["start"] = (command, { input } = {}) => {
    const id = ++lastId;
    const lines: CellLine[] = [];
    let end: CellEnd | undefined;
    const ended = new Promise<CellEnd>((resolve) => {
      const finish = (how: Omit<CellEnd, "lines">): void => {
        handlers.delete(id);
        end = { ...how, lines };
        resolve(end);
      };
      handlers.set(id, (event) => {
        if (event.event === "line") lines.push({ stream: event.stream, text: event.text });
        else if (event.event === "failed") finish({ code: null, signal: null, error: event.reason });
        else if (event.event === "exit") finish({ code: event.code, signal: event.signal });
      });
    });
    const argv = [command.file, ...command.args];
    tell({
      op: "start",
      id,
      argv,
      env: command.env,
      cwd: options.directory,
      ...(input === undefined ? {} : { input }),
    });
    return { lines, ended, end: () => end, kill: (signal) => tell({ op: "signal", id, signal }) };
  };

  return {
    start,
    run: async (command, { timeout = 5000, ...rest } = {}) => {
      const process = start(command, rest);
      const timer = setTimeout(() => process.kill("SIGKILL"), timeout);
      const end = await process.ended;
      clearTimeout(timer);
      return end;
    },
    bind: (address, port = 0) => {
      const id = ++lastId;
      return new Promise((resolve) => {
        handlers.set(id, (event) => {
          if (event.event === "bound") resolve(cellSocket(id, handlers, tell));
          else if (event.event === "failed") resolve(event.reason);
          else if (event.event === "exit") resolve("the cell has ended");
        });
        tell({ op: "bind", id, address, port });
      });
    },
    gone,
    close,
  };
}
