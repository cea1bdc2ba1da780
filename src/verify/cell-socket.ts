/** A UDP socket inside a cell. */
import type { Event, Order } from "./inside.ts";

export interface CellDatagram {
  readonly data: Buffer;
  readonly address: string;
  readonly port: number;
}

export interface CellSocket {
  send(data: Buffer, address: string, port: number): void;
  /** The first datagram since the last call that `match` takes, or `undefined` after `ms`. */
  receive(ms: number, match: (datagram: CellDatagram) => boolean): Promise<CellDatagram | undefined>;
  close(): void;
}

/** The socket that the order `id` has bound in the cell. */
export function cellSocket(
  id: number,
  handlers: Map<number, (event: Event) => void>,
  tell: (order: Order) => void,
): CellSocket {
  const waiting: CellDatagram[] = [];
  let look = (): void => {};
  handlers.set(id, (event) => {
    if (event.event !== "datagram") return;
    waiting.push({ data: Buffer.from(event.data, "base64"), address: event.address, port: event.port });
    look();
  });
  return {
    send: (data, address, port) => tell({ op: "send", id, data: data.toString("base64"), address, port }),
    receive: (ms, match) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => done(undefined), ms);
        const done = (datagram: CellDatagram | undefined): void => {
          clearTimeout(timer);
          look = () => {};
          resolve(datagram);
        };
        look = () => {
          for (let next = waiting.shift(); next; next = waiting.shift()) if (match(next)) return done(next);
        };
        look();
      }),
    close: () => {
      handlers.delete(id);
      tell({ op: "close", id });
    },
  };
}
