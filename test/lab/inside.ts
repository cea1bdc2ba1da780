/** The process that lives inside a lab: it starts programs and opens sockets there, told by JSON lines on stdin. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

export type Order =
  | { op: "spawn"; argv: readonly string[]; env: Record<string, string>; cwd: string; quiet: boolean }
  | { op: "write"; on: number; text: string }
  | { op: "signal"; on: number; signal: NodeJS.Signals; group: boolean }
  | { op: "signal-pid"; pid: number; signal: NodeJS.Signals }
  | { op: "udp"; address: string; port: number }
  | { op: "udp-send"; on: number; data: string; address: string; port: number }
  | { op: "tcp"; address: string; port: number; localAddress: string; localPort: number }
  | { op: "listen"; address: string; port: number }
  | { op: "tcp-send"; on: number; data: string }
  | { op: "tcp-read"; on: number; paused: boolean }
  | { op: "close"; on: number };

/** What happens to a thing that an order made; `on` is the order's id. Data is base64. */
export type Event =
  | { on: number; event: "line"; text: string; err: boolean }
  | { on: number; event: "exit"; code: number | null; signal: string | null }
  | { on: number; event: "datagram"; data: string; address: string; port: number }
  | { on: number; event: "connection"; as: number; address: string; port: number }
  | { on: number; event: "data"; data: string }
  | { on: number; event: "end" };

export type Answer = { re: number; value: unknown } | { re: number; error: string };

const processes = new Map<number, ChildProcess>();
const udps = new Map<number, UdpSocket>();
const tcps = new Map<number, Socket>();
const servers = new Map<number, Server>();
/** Accepted connections get ids that no order has. */
let accepted = 1_000_000_000;

function say(message: Event | Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function open<T>(things: ReadonlyMap<number, T>, id: number): T {
  const thing = things.get(id);
  if (thing === undefined) throw new Error(`${id} is not open`);
  return thing;
}

function watchTcp(id: number, socket: Socket): void {
  tcps.set(id, socket);
  socket.on("data", (data) => say({ on: id, event: "data", data: data.toString("base64") }));
  socket.on("close", () => say({ on: id, event: "end" }));
  socket.on("error", () => {});
}

function start(id: number, order: Extract<Order, { op: "spawn" }>): Promise<unknown> {
  const [file = "", ...args] = order.argv;
  const out = order.quiet ? "ignore" : "pipe";
  // Own process group, so that stop() reaches what a program forked.
  const child = spawn(file, args, {
    cwd: order.cwd,
    env: order.env,
    stdio: ["pipe", out, out],
    detached: true,
  });
  processes.set(id, child);
  child.stdin?.on("error", () => {});
  for (const [stream, err] of [
    [child.stdout, false],
    [child.stderr, true],
  ] as const) {
    if (stream)
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (text) =>
        say({ on: id, event: "line", text, err }),
      );
  }
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve({ pid: child.pid }));
    child.once("error", reject);
    // "close" comes after the last line; "exit" alone is enough where a daemonised child keeps the pipes open.
    let said = false;
    const end = (code: number | null, signal: string | null): void => {
      if (said) return;
      said = true;
      say({ on: id, event: "exit", code, signal });
    };
    child.on("close", end);
    child.on("exit", (code, signal) => setTimeout(end, 300, code, signal));
  });
}

function obey(id: number, order: Order): Promise<unknown> {
  switch (order.op) {
    case "spawn":
      return start(id, order);
    case "write":
      open(processes, order.on).stdin?.write(order.text);
      return Promise.resolve(null);
    case "signal": {
      const { pid, exitCode, signalCode } = open(processes, order.on);
      if (pid !== undefined && (order.group || (exitCode === null && signalCode === null))) {
        try {
          process.kill(order.group ? -pid : pid, order.signal);
        } catch {
          // Already gone, which is what a signal is for.
        }
      }
      return Promise.resolve(null);
    }
    case "signal-pid":
      process.kill(order.pid, order.signal);
      return Promise.resolve(null);
    case "udp":
      return new Promise((resolve, reject) => {
        const socket = createSocket({ type: order.address.includes(":") ? "udp6" : "udp4" });
        socket.once("error", reject);
        socket.on("message", (data, from) =>
          say({
            on: id,
            event: "datagram",
            data: data.toString("base64"),
            address: from.address,
            port: from.port,
          }),
        );
        socket.bind(order.port, order.address, () => {
          udps.set(id, socket);
          resolve({ port: socket.address().port });
        });
      });
    case "udp-send":
      return new Promise((resolve, reject) => {
        const data = Buffer.from(order.data, "base64");
        open(udps, order.on).send(data, order.port, order.address, (e) => (e ? reject(e) : resolve(null)));
      });
    case "tcp":
      return new Promise((resolve, reject) => {
        const { address, port, localAddress, localPort } = order;
        const socket = connect({ host: address, port, localAddress, localPort });
        socket.once("error", reject);
        socket.once("connect", () => {
          watchTcp(id, socket);
          resolve({ port: socket.localPort });
        });
      });
    case "listen":
      return new Promise((resolve, reject) => {
        const server = createServer((socket) => {
          const as = ++accepted;
          say({
            on: id,
            event: "connection",
            as,
            address: socket.remoteAddress ?? "",
            port: socket.remotePort ?? 0,
          });
          watchTcp(as, socket);
        });
        server.once("error", reject);
        server.listen(order.port, order.address, () => {
          servers.set(id, server);
          resolve(null);
        });
      });
    case "tcp-send":
      open(tcps, order.on).write(Buffer.from(order.data, "base64"));
      return Promise.resolve(null);
    case "tcp-read":
      if (order.paused) open(tcps, order.on).pause();
      else open(tcps, order.on).resume();
      return Promise.resolve(null);
    case "close":
      tcps.get(order.on)?.destroy();
      udps.get(order.on)?.close();
      servers.get(order.on)?.close();
      for (const things of [tcps, udps, servers]) things.delete(order.on);
      return Promise.resolve(null);
  }
}

const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  const { id, order } = JSON.parse(line) as { id: number; order: Order };
  Promise.resolve()
    .then(() => obey(id, order))
    .then(
      (value) => say({ re: id, value }),
      (error: unknown) => say({ re: id, error: error instanceof Error ? error.message : String(error) }),
    );
});
// The lab ends with the process that made it, however that one ends.
input.on("close", () => process.exit(0));
setTimeout(() => process.exit(1), Number(process.env.LAB_LIFE_MS ?? 600_000));
say({ re: 0, value: "ready" });
