/** A place in a lab where programs run and sockets open: a network namespace of its own. */

import type { Command } from "../../src/host/run.ts";
import { type Launcher, lineLog, type Running, type SpawnOptions } from "../../src/phone/process.ts";
import type { Channel } from "./channel.ts";
import { type TcpListener, type TcpPeer, tcpConnect, tcpListen, type UdpPeer, udpPeer } from "./sockets.ts";

export interface Finished {
  readonly code: number | null;
  /** stdout and stderr, line by line as they came. */
  readonly output: string;
}

export interface Place extends Launcher {
  /** Where a capture listens. */
  readonly device: "any" | "eth0";
  /** Starts a program inside. A plain list of words is a program of the machine. */
  spawn(name: string, what: Command | readonly string[], options?: SpawnOptions): Promise<Running>;
  /** Runs a program inside to its end, or kills it after `ms` (default 30 s): the code is null then. */
  exec(
    what: Command | readonly string[],
    options?: SpawnOptions & { readonly ms?: number },
  ): Promise<Finished>;
  /** The command that runs another one inside, from any process of the test's user: for code that spawns by itself. */
  enter(what: Command | readonly string[]): Command;
  /** Signals any process of the lab by its pid inside the lab. */
  signal(pid: number, signal: NodeJS.Signals): Promise<void>;
  /** A UDP socket inside, for hand-made messages. Port 0 takes a free one. */
  udp(address: string, port?: number): Promise<UdpPeer>;
  /** A TCP connection from inside; `from` fixes the local address and, where given, the port. */
  tcp(to: { address: string; port: number }, from: { address: string; port?: number }): Promise<TcpPeer>;
  listen(address: string, port: number): Promise<TcpListener>;
}

const plainEnv = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" };

export function asCommand(what: Command | readonly string[]): Command {
  if (!isWords(what)) return what;
  const [file = "", ...args] = what;
  return { file, args, env: plainEnv };
}

function isWords(what: Command | readonly string[]): what is readonly string[] {
  return Array.isArray(what);
}

async function spawnInside(
  channel: Channel,
  dir: string,
  name: string,
  command: Command,
  options: SpawnOptions,
): Promise<Running> {
  const argv = [command.file, ...command.args];
  const env = { ...plainEnv, HOME: dir, ...command.env, ...options.env };
  const { id, value } = await channel
    .order({ op: "spawn", argv, env, cwd: options.cwd ?? dir, quiet: options.quiet ?? false })
    .catch((e: Error) => Promise.reject(new Error(`${name}: ${argv[0]} does not start: ${e.message}`)));
  const log = lineLog(name);
  const exited = new Promise<number | null>((resolve) => {
    channel.on(id, (event) => {
      if (event.event === "line") log.push(event.text);
      if (event.event === "exit") {
        log.end();
        resolve(event.code);
      }
    });
  });
  const signal = (sig: NodeJS.Signals, group: boolean): void => {
    channel.order({ op: "signal", on: id, signal: sig, group }).catch(() => {});
  };
  return {
    name,
    pid: (value as { pid: number }).pid,
    lines: log.lines,
    write: (text) => void channel.order({ op: "write", on: id, text }).catch(() => {}),
    waitFor: log.waitFor,
    kill: (sig) => signal(sig, false),
    stop: async (graceMs = 2000) => {
      signal("SIGTERM", true);
      const timer = setTimeout(() => signal("SIGKILL", true), graceMs);
      await exited;
      clearTimeout(timer);
    },
    exited,
  };
}

/** `prefix` are the words that enter the namespaces of the place. */
export function place(
  channel: Channel,
  dir: string,
  device: Place["device"],
  prefix: readonly string[],
): Place {
  const spawnIn: Place["spawn"] = (name, what, o = {}) => spawnInside(channel, dir, name, asCommand(what), o);
  return {
    device,
    spawn: spawnIn,
    exec: async (what, o = {}) => {
      const command = asCommand(what);
      const running = await spawnIn(command.file, command, o);
      const timer = setTimeout(() => running.kill("SIGKILL"), o.ms ?? 30_000);
      const code = await running.exited;
      clearTimeout(timer);
      return { code, output: running.lines.join("\n") };
    },
    enter: (what) => {
      const { file, args, env } = asCommand(what);
      const [first = "", ...words] = [...prefix, file, ...args];
      return { file: first, args: words, env };
    },
    signal: async (pid, signal) => void (await channel.order({ op: "signal-pid", pid, signal })),
    udp: (address, port = 0) => udpPeer(channel, address, port),
    tcp: (to, from) => tcpConnect(channel, to, from),
    listen: (address, port) => tcpListen(channel, address, port),
  };
}
