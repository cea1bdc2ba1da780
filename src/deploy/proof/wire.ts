/** How the proof call reaches the public listener: datagrams, or messages cut out of a TCP stream. */
import { connect } from "node:net";
import { bracketed } from "../../core/host.ts";
import { bindUdp } from "./sockets.ts";

export interface Wire {
  /** As it stands in Via. */
  readonly transport: "UDP" | "TCP";
  /** `host:port` of the near end. */
  readonly self: string;
  send(text: string): void;
  /** Gives every message that comes in, until the returned function is called. */
  listen(receive: (text: string) => void): () => void;
  close(): void;
}

export interface WireTarget {
  readonly transport: "udp" | "tcp";
  /** Address of the listener; the near end has the same. */
  readonly address: string;
  readonly port: number;
}

/** Rejects where the address is not this host's, or nobody listens on TCP. */
export function openWire(target: WireTarget): Promise<Wire> {
  return target.transport === "udp" ? udpWire(target) : tcpWire(target);
}

async function udpWire({ address, port }: WireTarget): Promise<Wire> {
  const socket = await bindUdp(address);
  return {
    transport: "UDP",
    self: `${bracketed(address)}:${socket.address().port}`,
    send: (text) => socket.send(Buffer.from(text, "latin1"), port, address),
    listen(receive) {
      const onMessage = (data: Buffer): void => receive(data.toString("latin1"));
      socket.on("message", onMessage);
      return () => void socket.removeListener("message", onMessage);
    },
    close: () => void socket.close(),
  };
}

function tcpWire({ address, port }: WireTarget): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, localAddress: address });
    const receivers = new Set<(text: string) => void>();
    let pending = "";
    socket.once("error", reject);
    socket.on("data", (chunk: Buffer) => {
      const { messages, rest } = cut(pending + chunk.toString("latin1"));
      pending = rest;
      for (const message of messages) for (const receive of [...receivers]) receive(message);
    });
    socket.once("connect", () => {
      socket.removeListener("error", reject);
      // A connection that breaks shows as an answer that does not come.
      socket.on("error", () => {});
      resolve({
        transport: "TCP",
        self: `${bracketed(address)}:${socket.localPort}`,
        send: (text) => void socket.write(Buffer.from(text, "latin1")),
        listen(receive) {
          receivers.add(receive);
          return () => void receivers.delete(receive);
        },
        close: () => void socket.destroy(),
      });
    });
  });
}

/** Complete messages by Content-Length (RFC 3261 18.3), and what is left. */
export function cut(stream: string): { readonly messages: readonly string[]; readonly rest: string } {
  const messages: string[] = [];
  let rest = stream.replace(/^(\r\n)+/, "");
  for (;;) {
    const gap = rest.indexOf("\r\n\r\n");
    if (gap < 0) return { messages, rest };
    const body = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(rest.slice(0, gap))?.[1] ?? 0);
    const end = gap + 4 + body;
    if (rest.length < end) return { messages, rest };
    messages.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^(\r\n)+/, "");
  }
}
