/** A lab: a throwaway user, network and pid namespace in which independent SIP programs and an edge meet. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { transformSync } from "esbuild";
import { type Launcher, lineLog, type Running, type SpawnOptions } from "../../src/phone/process.ts";
import type { Answer, Event, Order } from "./inside.ts";
import { type TcpListener, type TcpPeer, tcpConnect, tcpListen, type UdpPeer, udpPeer } from "./sockets.ts";
import { type LabTools, labTools } from "./tools.ts";

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
  /** A folder for files of this lab, removed by `close`. */
  readonly dir: string;
  readonly tools: LabTools;
  /** Runs a program inside to its end; rejects after `ms` (default 30 s). */
  exec(argv: readonly string[], options?: SpawnOptions & { readonly ms?: number }): Promise<Finished>;
  /** The command line that runs `argv` inside from any process of the test's user, for code that spawns by itself. */
  enter(argv: readonly string[]): readonly string[];
  addAddress(address: string): Promise<void>;
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

export interface Channel {
  order(order: Order): Promise<{ id: number; value: unknown }>;
  on(id: number, handler: (event: Event) => void): void;
  off(id: number): void;
}

// PID 1 is a shell because it reaps what daemons leave behind, which Node does not; a background job would lose stdin,
// hence descriptor 3. A private /run keeps the daemons of two labs apart and hides the host's systemd.
const boot = 'mount -t tmpfs tmpfs /run; exec 3<&0; "$@" <&3 & exec 3<&-; wait';
let insideCode: string | undefined;

function codeOfInside(): string {
  insideCode ??= transformSync(readFileSync(new URL("inside.ts", import.meta.url), "utf8"), {
    loader: "ts",
    format: "esm",
  }).code;
  return insideCode;
}

function openChannel(lifeMs: number): {
  channel: Channel;
  ready: Promise<void>;
  unsharePid: number;
  end: () => Promise<void>;
} {
  const unshare = [
    "--user",
    "--map-root-user",
    "--net",
    "--uts",
    "--ipc",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  const node = [process.execPath, "--input-type=module", "-e", codeOfInside()];
  const child = spawn("unshare", [...unshare, "sh", "-c", boot, "sh", ...node], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, LAB_LIFE_MS: String(lifeMs) },
  });
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (e: Error) => void }>();
  const handlers = new Map<number, (event: Event) => void>();
  // Events can overtake the answer that tells who waits for them.
  const early = new Map<number, Event[]>();
  let lastId = 0;
  const expect = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  const ready = expect(0).then(() => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Event | Answer;
    if ("re" in message) {
      const waiting = pending.get(message.re);
      pending.delete(message.re);
      if ("error" in message) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message.value);
      return;
    }
    const handler = handlers.get(message.on);
    if (handler) handler(message);
    else early.set(message.on, [...(early.get(message.on) ?? []), message]);
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => {
      for (const { reject } of pending.values()) reject(new Error("the lab has ended"));
      for (const [id, handler] of handlers) handler({ on: id, event: "exit", code: null, signal: "SIGKILL" });
      resolve();
    });
  });
  child.once("error", (e) => pending.get(0)?.reject(e));
  child.stdin.on("error", () => {});
  return {
    unsharePid: child.pid ?? 0,
    ready,
    end: async () => {
      child.stdin.end();
      child.kill("SIGKILL");
      await gone;
    },
    channel: {
      order: async (order) => {
        const id = ++lastId;
        const answer = expect(id);
        child.stdin.write(`${JSON.stringify({ id, order })}\n`);
        return { id, value: await answer };
      },
      on: (id, handler) => {
        handlers.set(id, handler);
        for (const event of early.get(id) ?? []) handler(event);
        early.delete(id);
      },
      off: (id) => handlers.delete(id),
    },
  };
}

async function spawnInside(
  channel: Channel,
  dir: string,
  name: string,
  argv: readonly string[],
  options: SpawnOptions,
): Promise<Running> {
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: dir,
    LANG: "C.UTF-8",
    TZ: "UTC",
    ...options.env,
  };
  const { id, value } = await channel
    .order({ op: "spawn", argv: [...argv], env, cwd: options.cwd ?? dir, quiet: options.quiet ?? false })
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
  const spawnIn = (name: string, argv: readonly string[], o: SpawnOptions = {}): Promise<Running> =>
    spawnInside(channel, dir, name, argv, o);
  const lab: Lab = {
    dir,
    tools,
    spawn: spawnIn,
    exec: async (argv, o = {}) => {
      const running = await spawnIn(argv[0] ?? "", argv, o);
      const ms = o.ms ?? 30_000;
      const timer = setTimeout(() => running.kill("SIGKILL"), ms);
      const code = await running.exited;
      clearTimeout(timer);
      return { code, output: running.lines.join("\n") };
    },
    enter: (argv) => [
      "nsenter",
      "--preserve-credentials",
      "-U",
      "-m",
      "-n",
      "-u",
      "-i",
      "-p",
      "-t",
      init,
      "--",
      ...argv,
    ],
    addAddress: async (address) => {
      const prefix = address.includes(":") ? 128 : 32;
      const flags = prefix === 128 ? ["nodad"] : [];
      const argv = tools.command("usr/sbin/ip", [
        "addr",
        "add",
        `${address}/${prefix}`,
        "dev",
        "lo",
        ...flags,
      ]);
      const { code, output } = await lab.exec(argv);
      if (code !== 0) throw new Error(`cannot add ${address} to the lab: ${output}`);
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
    const up = await lab.exec(tools.command("usr/sbin/ip", ["link", "set", "lo", "up"]));
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
