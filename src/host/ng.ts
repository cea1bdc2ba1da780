/** A client of rtpengine's ng control protocol over UDP (rtpengine docs, "ng control protocol"). */
import { createSocket } from "node:dgram";
import { type Bencode, bencode, unbencode } from "./bencode.ts";

export type NgMessage = { readonly [key: string]: Bencode };

export interface NgClient {
  /**
   * Sends one command and gives rtpengine's reply, also where its `result` is an error. A lost request is sent again
   * under the same cookie, which rtpengine answers once. Rejects where nothing comes within `timeoutMs`.
   */
  request(message: NgMessage): Promise<NgMessage>;
  close(): void;
}

export interface NgOptions {
  readonly address: string;
  readonly port: number;
  /** For one request with all its repetitions; default 2000. */
  readonly timeoutMs?: number;
}

const repeatMs = 250;

/** Opens a socket towards an rtpengine; nothing is sent before the first request. */
export function ngClient({ address, port, timeoutMs = 2000 }: NgOptions): NgClient {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const waiting = new Map<string, (reply: NgMessage) => void>();
  // Replies of an earlier process with the same source port must not match.
  const prefix = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let count = 0;
  // A refused port shows up as a time-out, which says more than the socket's error.
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const space = data.indexOf(" ");
    const reply = unbencode(data.subarray(space + 1));
    if (space > 0 && isMessage(reply)) waiting.get(data.toString("latin1", 0, space))?.(reply);
  });
  return {
    request(message) {
      count += 1;
      const cookie = `${prefix}${count}`;
      const packet = Buffer.concat([Buffer.from(`${cookie} `), bencode(message)]);
      return new Promise((resolve, reject) => {
        const send = (): void => socket.send(packet, port, address);
        const repeat = setInterval(send, repeatMs);
        const end = setTimeout(() => {
          finish();
          reject(new Error(`no reply from rtpengine at ${address} port ${port} in ${timeoutMs} ms`));
        }, timeoutMs);
        const finish = (): void => {
          clearInterval(repeat);
          clearTimeout(end);
          waiting.delete(cookie);
        };
        waiting.set(cookie, (reply) => {
          finish();
          resolve(reply);
        });
        send();
      });
    },
    close: () => socket.close(),
  };
}

function isMessage(value: Bencode | undefined): value is NgMessage {
  return typeof value === "object" && !Array.isArray(value);
}
