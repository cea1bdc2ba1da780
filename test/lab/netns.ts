/** A lab: a throwaway user, network and pid namespace in which independent SIP programs and an edge meet. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "../../src/host/run.ts";
import {
  type Launcher,
  lineLog,
  type Running,
  type SpawnOptions,
  type Tools,
} from "../../src/phone/process.ts";
import { type Channel, openChannel } from "./channel.ts";
import { type TcpListener, type TcpPeer, tcpConnect, tcpListen, type UdpPeer, udpPeer } from "./sockets.ts";
import { labTools } from "./tools.ts";

export interface LabOptions {
  /** Addresses beside 127.0.0.0/8 and ::1 that exist in the lab, IPv4 or IPv6, without a prefix length. */
  readonly addresses?: readonly string[];
  /** After so many milliseconds everything in the lab is killed; default ten minutes. */
  readonly lifeMs?: number;
}

export interface Finished {
  readonly code: number | null;
  /** stdout and stderr, line by line as they came. */
  readonly output: string;
}

export interface Lab extends Launcher {
  /** Starts a program inside. A plain list of words is a program of the host. */
  spawn(name: string, what: Command | readonly string[], options?: SpawnOptions): Promise<Running>;
  /** A folder for files of this lab, removed by `close`. */
  readonly dir: string;
  readonly tools: Tools;
  /** Runs a program inside to its end, or kills it after `ms` (default 30 s): the code is null then. */
  exec(
    what: Command | readonly string[],
    options?: SpawnOptions & { readonly ms?: number },
  ): Promise<Finished>;
  /** The command that runs another one inside, from any process of the test's user: for code that spawns by itself. */
  enter(what: Command | readonly string[]): Command;
  addAddress(address: string): Promise<void>;
  /**
   * Makes connections to a local address come from another one. On one host the kernel gives a socket that chose none
   * the address that it connects to; UDP programs bind theirs, some TCP clients (baresip) do not.
   */
  sourceFor(destination: string, source: string): Promise<void>;
  /** Signals any process of the lab by its pid inside the lab. */
  signal(pid: number, signal: NodeJS.Signals): Promise<void>;
  /** A UDP socket inside, for hand-made messages. Port 0 takes a free one. */
  udp(address: string, port?: number): Promise<UdpPeer>;
  /** A TCP connection from inside; `from` fixes the local address and, where given, the port. */
  tcp(to: { address: string; port: number }, from: { address: string; port?: number }): Promise<TcpPeer>;
  listen(address: string, port: number): Promise<TcpListener>;
  /** Kills everything inside and removes the folder. */
  close(): Promise<void>;
}

const plainEnv = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" };

function asCommand(what: Command | readonly string[]): Command {
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

/**
 * Opens a lab. Needs user namespaces and no root. Everything in it dies with `close`, with the test process, or when its
 * life is over, whichever comes first.
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const tools = await labTools();
  const dir = mkdtempSync(join(tmpdir(), "crew-lab-"));
  const { channel, ready, unsharePid, end } = openChannel(options.lifeMs ?? 600_000);
  await ready;
  // Readable only from outside: inside, pids start at 1.
  const init = readFileSync(`/proc/${unsharePid}/task/${unsharePid}/children`, "utf8").trim();
  const spawnIn: Lab["spawn"] = (name, what, o = {}) => spawnInside(channel, dir, name, asCommand(what), o);
  const lab: Lab = {
    dir,
    tools,
    spawn: spawnIn,
    exec: async (what, o = {}) => {
      const command = asCommand(what);
      const running = await spawnIn(command.file, command, o);
      const ms = o.ms ?? 30_000;
      const timer = setTimeout(() => running.kill("SIGKILL"), ms);
      const code = await running.exited;
      clearTimeout(timer);
      return { code, output: running.lines.join("\n") };
    },
    enter: (what) => {
      const { file, args, env } = asCommand(what);
      const namespaces = ["-U", "-m", "-n", "-u", "-i", "-p", "-t", init];
      return { file: "nsenter", args: ["--preserve-credentials", ...namespaces, "--", file, ...args], env };
    },
    addAddress: async (address) => {
      const prefix = address.includes(":") ? 128 : 32;
      const flags = prefix === 128 ? ["nodad"] : [];
      const argv = tools.command("ip", ["addr", "add", `${address}/${prefix}`, "dev", "lo", ...flags]);
      const { code, output } = await lab.exec(argv);
      if (code !== 0) throw new Error(`cannot add ${address} to the lab: ${output}`);
    },
    sourceFor: async (destination, source) => {
      const route = ["route", "replace", "local", destination, "dev", "lo", "table", "local", "src", source];
      const { code, output } = await lab.exec(tools.command("ip", route));
      if (code !== 0) throw new Error(`cannot set the source for ${destination}: ${output}`);
    },
    signal: async (pid, signal) => void (await channel.order({ op: "signal-pid", pid, signal })),
    udp: (address, port = 0) => udpPeer(channel, address, port),
    tcp: (to, from) => tcpConnect(channel, to, from),
    listen: (address, port) => tcpListen(channel, address, port),
    close: async () => {
      await end();
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  try {
    const up = await lab.exec(tools.command("ip", ["link", "set", "lo", "up"]));
    if (up.code !== 0) throw new Error(`the lab's loopback does not come up: ${up.output}`);
    for (const address of options.addresses ?? []) await lab.addAddress(address);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

/** Runs `work` in a lab of its own and closes it, also on failure. */
export async function withLab<T>(options: LabOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab(options);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}
