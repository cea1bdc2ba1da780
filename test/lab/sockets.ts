/** Sockets inside a lab for hand-made SIP messages: what one sends, what comes back, and when nothing does. */
import type { Channel } from "./channel.ts";

export interface Datagram {
  readonly data: Buffer;
  readonly text: string;
  readonly address: string;
  readonly port: number;
  /** Milliseconds since the socket was opened. */
  readonly at: number;
}

export interface UdpPeer {
  readonly address: string;
  readonly port: number;
  readonly received: readonly Datagram[];
  send(data: string | Buffer, to: { address: string; port: number }): Promise<void>;
  /** The next datagram not yet taken that matches; rejects after `ms`. */
  receive(ms: number, match?: (d: Datagram) => boolean): Promise<Datagram>;
  /** True where nothing that matches came within `ms`. */
  silent(ms: number, match?: (d: Datagram) => boolean): Promise<boolean>;
  close(): Promise<void>;
}

export interface TcpPeer {
  readonly address: string;
  readonly port: number;
  /** Everything received so far, as Latin-1 text. */
  readonly text: string;
  readonly ended: boolean;
  send(data: string | Buffer): Promise<void>;
  /** Waits until the text from `from` on matches and gives the match; rejects after `ms`. */
  expect(pattern: RegExp, ms: number, from?: number): Promise<RegExpMatchArray>;
  /** Stops or resumes reading, as a peer does that hangs. */
  pause(paused: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface TcpListener {
  accept(ms: number): Promise<TcpPeer>;
  close(): Promise<void>;
}

interface Waiters {
  wake(): void;
  until<T>(what: string, ms: number, look: () => T | undefined): Promise<T>;
}

function waiters(): Waiters {
  const looking = new Set<() => void>();
  return {
    wake: () => {
      for (const look of [...looking]) look();
    },
    until: (what, ms, look) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          looking.delete(attempt);
        };
        const attempt = (): void => {
          const found = look();
          if (found === undefined) return;
          done();
          resolve(found);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`no ${what} within ${ms} ms`));
        }, ms);
        looking.add(attempt);
        attempt();
      }),
  };
}

const encode = (data: string | Buffer): string =>
  (typeof data === "string" ? Buffer.from(data, "utf8") : data).toString("base64");

export async function udpPeer(channel: Channel, address: string, port: number): Promise<UdpPeer> {
  const { id, value } = await channel.order({ op: "udp", address, port });
  const received: Datagram[] = [];
  const taken = new Set<Datagram>();
  const waiting = waiters();
  const opened = Date.now();
  channel.on(id, (event) => {
    if (event.event !== "datagram") return;
    const data = Buffer.from(event.data, "base64");
    const at = Date.now() - opened;
    received.push({ data, text: data.toString("utf8"), address: event.address, port: event.port, at });
    waiting.wake();
  });
  const receive: UdpPeer["receive"] = async (ms, match = () => true) => {
    const found = await waiting.until(`datagram at ${address}`, ms, () =>
      received.find((d) => !taken.has(d) && match(d)),
    );
    taken.add(found);
    return found;
  };
  return {
    address,
    port: (value as { port: number }).port,
    received,
    send: async (data, { address, port }) =>
      void (await channel.order({ op: "udp-send", on: id, data: encode(data), address, port })),
    receive,
    silent: (ms, match) =>
      receive(ms, match).then(
        () => false,
        () => true,
      ),
    close: async () => void (await channel.order({ op: "close", on: id })),
  };
}

function tcpPeer(channel: Channel, id: number, address: string, port: number): TcpPeer {
  let text = "";
  let ended = false;
  const waiting = waiters();
  channel.on(id, (event) => {
    if (event.event === "data") text += Buffer.from(event.data, "base64").toString("latin1");
    if (event.event === "end") ended = true;
    waiting.wake();
  });
  return {
    address,
    port,
    get text() {
      return text;
    },
    get ended() {
      return ended;
    },
    send: async (data) => void (await channel.order({ op: "tcp-send", on: id, data: encode(data) })),
    expect: (pattern, ms, from = 0) =>
      waiting.until(`${pattern} on TCP`, ms, () => text.slice(from).match(pattern) ?? undefined),
    pause: async (paused) => void (await channel.order({ op: "tcp-read", on: id, paused })),
    close: async () => void (await channel.order({ op: "close", on: id })),
  };
}

export async function tcpConnect(
  channel: Channel,
  to: { address: string; port: number },
  from: { address: string; port?: number },
): Promise<TcpPeer> {
  const order = { op: "tcp", ...to, localAddress: from.address, localPort: from.port ?? 0 } as const;
  const { id, value } = await channel.order(order);
  return tcpPeer(channel, id, from.address, (value as { port: number }).port);
}

export async function tcpListen(channel: Channel, address: string, port: number): Promise<TcpListener> {
  const { id } = await channel.order({ op: "listen", address, port });
  const queue: TcpPeer[] = [];
  const waiting = waiters();
  channel.on(id, (event) => {
    if (event.event !== "connection") return;
    queue.push(tcpPeer(channel, event.as, event.address, event.port));
    waiting.wake();
  });
  return {
    accept: (ms) => waiting.until(`connection to ${address}:${port}`, ms, () => queue.shift()),
    close: async () => void (await channel.order({ op: "close", on: id })),
  };
}
