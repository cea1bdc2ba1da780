/** A name server by hand (RFC 1035 section 4), on the lab's 127.0.0.1. */
import type { Lab } from "../../lab/netns.ts";

/** Types of records (RFC 1035, 2782, 3403). */
export const types = { A: 1, SRV: 33, NAPTR: 35 } as const;

/** The data of the records of a type that a name has. */
export type Zone = (type: number, name: string) => readonly Buffer[];

const words = (...values: readonly number[]): Buffer =>
  Buffer.concat(values.map((v) => Buffer.from([v >> 8, v & 255])));
const text = (s: string): Buffer => Buffer.concat([Buffer.from([s.length]), Buffer.from(s)]);
const labels = (name: string): Buffer => Buffer.concat([...name.split(".").map(text), Buffer.from([0])]);

export const addressData = (address: string): Buffer => Buffer.from(address.split(".").map(Number));
export const srvData = (priority: number, port: number, host: string): Buffer =>
  Buffer.concat([words(priority, 10, port), labels(host)]);
/** Points to SRV records (flag "s"). */
export const naptrData = (service: string, name: string): Buffer =>
  Buffer.concat([words(10, 10), text("s"), text(service), text(""), labels(name)]);

/** Every name has this one address, and nothing else. */
export const everyName =
  (address: string): Zone =>
  (type) =>
    type === types.A ? [addressData(address)] : [];

export interface Names {
  /** Answers nothing while it is set. */
  silent: boolean;
  /** What was asked for so far, as `35 provider.example`. */
  readonly asked: ReadonlySet<string>;
}

/** Answers until the lab is closed; its records hold for so many seconds. */
export async function nameServer(at: Lab, zone: Zone, seconds = 60): Promise<Names> {
  const socket = await at.udp("127.0.0.1", 53);
  const asked = new Set<string>();
  const names: Names = { silent: false, asked };
  const serve = async (): Promise<void> => {
    for (;;) {
      const query = await socket.receive(600_000);
      if (names.silent) continue;
      const { data } = query;
      const name: string[] = [];
      let end = 12;
      for (let length = data[end] ?? 0; length !== 0; length = data[end] ?? 0) {
        name.push(data.toString("latin1", end + 1, end + 1 + length).toLowerCase());
        end += 1 + length;
      }
      const type = data.readUInt16BE(end + 1);
      asked.add(`${type} ${name.join(".")}`);
      // The name by reference, the type, IN, the seconds.
      const records = zone(type, name.join(".")).map((d) =>
        Buffer.concat([words(0xc00c, type, 1, 0, seconds, d.length), d]),
      );
      const head = Buffer.concat([data.subarray(0, 2), words(0x8580, 1, records.length, 0, 0)]);
      await socket.send(Buffer.concat([head, data.subarray(12, end + 5), ...records]), query);
    }
  };
  void serve().catch(() => {});
  return names;
}
