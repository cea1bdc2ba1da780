/** The program that lives inside a cell: it starts daemons and opens sockets there, told by JSON lines on stdin. */

export type Order =
  | {
      readonly op: "start";
      readonly id: number;
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      readonly input?: string;
    }
  | { readonly op: "signal"; readonly id: number; readonly signal: NodeJS.Signals }
  | { readonly op: "bind"; readonly id: number; readonly address: string; readonly port: number }
  | {
      readonly op: "send";
      readonly id: number;
      /** Base64. */
      readonly data: string;
      readonly address: string;
      readonly port: number;
    }
  | { readonly op: "close"; readonly id: number };

/** What happens to the thing that an order with this id made. */
export type Event =
  | { readonly id: number; readonly event: "started" | "bound" }
  | { readonly id: number; readonly event: "failed"; readonly reason: string }
  | {
      readonly id: number;
      readonly event: "line";
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
  | {
      readonly id: number;
      readonly event: "exit";
      readonly code: number | null;
      readonly signal: string | null;
    }
  | {
      readonly id: number;
      readonly event: "datagram";
      readonly data: string;
      readonly address: string;
      readonly port: number;
    };

/**
 * Its source text is what runs in the cell, so it uses nothing from outside itself. Names resolve to 192.0.2.1: what is
 * verified must not depend on the name servers of the host that verifies.
 */
export function inside(lifeMs: number, outputBytes: number): void {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { createSocket } = process.getBuiltinModule("node:dgram");
  const { createInterface } = process.getBuiltinModule("node:readline");
  const processes = new Map<number, import("node:child_process").ChildProcess>();
  const sockets = new Map<number, import("node:dgram").Socket>();
  const say = (event: Event): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

  const start = (order: Extract<Order, { op: "start" }>): void => {
    const { id, argv, env, cwd } = order;
    const child = spawn(argv[0] ?? "", argv.slice(1), { cwd, env, detached: true });
    processes.set(id, child);
    let left = outputBytes;
    for (const stream of ["stdout", "stderr"] as const)
      createInterface({ input: child[stream] }).on("line", (text) => {
        if (left <= 0) return;
        left -= text.length;
        say({ id, event: "line", stream, text: text.slice(0, 16_384) });
      });
    child.stdin.on("error", () => {});
    child.stdin.end(order.input ?? "");
    child.on("spawn", () => say({ id, event: "started" }));
    child.on("error", (error) => say({ id, event: "failed", reason: error.message }));
    let said = false;
    const exit = (code: number | null, signal: string | null): void => {
      if (said) return;
      said = true;
      say({ id, event: "exit", code, signal });
    };
    child.on("close", exit);
    // workers that outlive their parent keep the pipes open, and "close" waits for those
    child.on("exit", (code, signal) => setTimeout(exit, 200, code, signal));
  };

  const bind = (order: Extract<Order, { op: "bind" }>): void => {
    const { id } = order;
    const socket = createSocket(order.address.includes(":") ? "udp6" : "udp4");
    socket.on("error", (error) => say({ id, event: "failed", reason: error.message }));
    socket.on("message", (data, from) =>
      say({ id, event: "datagram", data: data.toString("base64"), address: from.address, port: from.port }),
    );
    socket.bind(order.port, order.address, () => {
      sockets.set(id, socket);
      say({ id, event: "bound" });
    });
  };

  const obey = (order: Order): void => {
    switch (order.op) {
      case "start":
        start(order);
        return;
      case "bind":
        bind(order);
        return;
      case "send":
        sockets.get(order.id)?.send(Buffer.from(order.data, "base64"), order.port, order.address, () => {});
        return;
      case "signal": {
        const pid = processes.get(order.id)?.pid;
        if (pid === undefined) return;
        try {
          process.kill(-pid, order.signal);
        } catch {
          // ended already
        }
        return;
      }
      case "close":
        sockets.get(order.id)?.close();
        sockets.delete(order.id);
    }
  };

  const names = createSocket("udp4");
  names.on("error", () => {});
  names.on("message", (query, from) => {
    let end = 12;
    while (end < query.length && query[end] !== 0) end += (query[end] ?? 0) + 1;
    const isA = query.length >= end + 5 && query.readUInt16BE(end + 1) === 1;
    const reply = Buffer.concat([
      query.subarray(0, end + 5),
      isA ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]) : Buffer.alloc(0),
    ]);
    if (reply.length < 12) return;
    reply.writeUInt16BE(0x8180, 2);
    reply.writeUInt16BE(1, 4);
    reply.writeUInt16BE(isA ? 1 : 0, 6);
    reply.writeUInt32BE(0, 8);
    names.send(reply, from.port, from.address);
  });

  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => obey(JSON.parse(line) as Order));
  // the cell ends with the process that made it, however that one ends
  input.on("close", () => process.exit(0));
  setTimeout(() => process.exit(1), lifeMs);
  process.on("uncaughtException", () => process.exit(1));
  const ready = (): void => say({ id: 0, event: "started" });
  names.once("error", ready);
  // lo is still down, and 127.0.0.1 not there yet
  names.bind(53, "0.0.0.0", ready);
}
