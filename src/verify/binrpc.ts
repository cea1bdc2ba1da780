/** Asks a running Kamailio over the stream socket of its `ctl` module, in the binary format of that module (binrpc). */
import { randomInt } from "node:crypto";
import { connect } from "node:net";

export type RpcValue = string | number | readonly RpcValue[] | { readonly [name: string]: RpcValue };

export type RpcAnswer =
  /** What the command added to its reply, in order. A field that occurs twice in a struct becomes a list. */
  | { readonly ok: true; readonly values: readonly RpcValue[] }
  /** The command refused, or nothing sensible came back; `code` is 0 where Kamailio did not answer. */
  | { readonly ok: false; readonly code: number; readonly reason: string };

export interface RpcOptions {
  /** Milliseconds for the whole exchange, default 2000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const type = { int: 0, str: 1, double: 2, struct: 3, array: 4, avp: 5, bytes: 6 } as const;

/**
 * Runs one command over one connection to `socketPath` (the `unixs:` listener of `ctl`). Integers are signed 32 bits, as
 * Kamailio reads them. Never rejects: a dead socket and a time-out are answers with code 0.
 */
export function callRpc(
  socketPath: string,
  method: string,
  params: readonly (string | number)[] = [],
  options: RpcOptions = {},
): Promise<RpcAnswer> {
  const cookie = randomInt(1, 0x7fffffff);
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    let settled = false;
    const finish = (answer: RpcAnswer): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      socket.destroy();
      resolve(answer);
    };
    const dead = (reason: string): void => finish({ ok: false, code: 0, reason });
    const abort = (): void => dead("interrupted");
    const socket = connect({ path: socketPath });
    const timer = setTimeout(() => dead("no answer in time"), options.timeout ?? 2000);
    options.signal?.addEventListener("abort", abort, { once: true });
    if (options.signal?.aborted) abort();
    socket.on("error", (error) => dead(error.message));
    socket.on("connect", () => socket.write(encodeRequest(cookie, [method, ...params])));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = decodeReply(received, cookie);
      if (answer) finish(answer);
    });
    socket.on("end", () => dead("closed without an answer"));
  });
}

/** The bytes of a number without leading zeros; those of 0 are none. */
function bigEndian(n: number): Buffer {
  const bytes: number[] = [];
  for (let rest = n >>> 0; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from(bytes);
}

/** The packet of a request: header, then the values, the method's name first. */
export function encodeRequest(cookie: number, values: readonly (string | number)[]): Buffer {
  const body = Buffer.concat(values.map(encodeValue));
  const length = body.length === 0 ? Buffer.of(0) : bigEndian(body.length);
  const id = bigEndian(cookie);
  return Buffer.concat([Buffer.from([0xa1, ((length.length - 1) << 2) | (id.length - 1)]), length, id, body]);
}

function encodeValue(value: string | number): Buffer {
  if (typeof value === "number") {
    const bytes = bigEndian(value);
    return Buffer.concat([Buffer.from([(bytes.length << 4) | type.int]), bytes]);
  }
  const text = Buffer.from(`${value}\0`, "utf8");
  if (text.length < 8) return Buffer.concat([Buffer.from([(text.length << 4) | type.str]), text]);
  const size = bigEndian(text.length);
  return Buffer.concat([Buffer.from([((8 | size.length) << 4) | type.str]), size, text]);
}

/** The answer in a reply's bytes, `undefined` while bytes are missing. */
export function decodeReply(bytes: Buffer, cookie: number): RpcAnswer | undefined {
  if (bytes.length < 4) return undefined;
  const [magic = 0, sizes = 0] = bytes;
  if (magic !== 0xa1) return { ok: false, code: 0, reason: "not a binrpc packet" };
  const lengthSize = ((sizes >> 2) & 3) + 1;
  const cookieSize = (sizes & 3) + 1;
  const start = 2 + lengthSize + cookieSize;
  if (bytes.length < start) return undefined;
  const length = bytes.readUIntBE(2, lengthSize);
  if (bytes.length < start + length) return undefined;
  if (bytes.readUIntBE(2 + lengthSize, cookieSize) !== cookie)
    return { ok: false, code: 0, reason: "the answer is to another request" };
  const values = readAll(bytes.subarray(start, start + length));
  if (values === undefined) return { ok: false, code: 0, reason: "unreadable binrpc packet" };
  if (sizes >> 4 === 3) return { ok: false, code: Number(values[0] ?? 0), reason: String(values[1] ?? "") };
  return { ok: true, values };
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

interface Head {
  readonly kind: number;
  readonly end: boolean;
  readonly size: number;
}

function readAll(bytes: Buffer): RpcValue[] | undefined {
  const reader: Reader = { bytes, at: 0 };
  try {
    const values: RpcValue[] = [];
    while (reader.at < bytes.length) values.push(readValue(reader, readHead(reader)));
    return values;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readHead(reader: Reader): Head {
  const first = reader.bytes.readUInt8(reader.at++);
  const kind = first & 15;
  const size = first >> 4;
  if (kind === type.double || (size & 8) === 0) return { kind, end: false, size };
  const sizeOfSize = size & 7;
  return { kind, end: sizeOfSize === 0, size: readNumber(reader, sizeOfSize) };
}

function readNumber(reader: Reader, size: number): number {
  if (size === 0) return 0;
  if (size > 8 || reader.at + size > reader.bytes.length) throw new RangeError("number beyond the packet");
  const value =
    size <= 6
      ? reader.bytes.readUIntBE(reader.at, size)
      : Number(
          BigInt.asIntN(
            64,
            BigInt(`0x${reader.bytes.subarray(reader.at, reader.at + size).toString("hex")}`),
          ),
        );
  reader.at += size;
  return value;
}

function readText(reader: Reader, size: number): string {
  if (reader.at + size > reader.bytes.length) throw new RangeError("text beyond the packet");
  const text = reader.bytes.toString("utf8", reader.at, reader.at + size);
  reader.at += size;
  return text;
}

function readValue(reader: Reader, head: Head): RpcValue {
  switch (head.kind) {
    case type.int: {
      const value = readNumber(reader, head.size);
      return head.size === 4 ? value | 0 : value;
    }
    case type.double:
      return readNumber(reader, head.size) / 1000;
    case type.str:
      return readText(reader, head.size).replace(/\0$/, "");
    case type.bytes:
      return readText(reader, head.size);
    case type.array: {
      const items: RpcValue[] = [];
      for (let next = readHead(reader); !(next.kind === type.array && next.end); next = readHead(reader))
        items.push(readValue(reader, next));
      return items;
    }
    case type.struct:
      return readStruct(reader);
    default:
      throw new RangeError(`unknown type ${head.kind}`);
  }
}

/** The module writes a list within a struct as a struct whose values have no names. */
function readStruct(reader: Reader): RpcValue {
  const fields = new Map<string, RpcValue[]>();
  const unnamed: RpcValue[] = [];
  for (let next = readHead(reader); !(next.kind === type.struct && next.end); next = readHead(reader)) {
    if (next.kind !== type.avp) {
      unnamed.push(readValue(reader, next));
      continue;
    }
    const name = readText(reader, next.size).replace(/\0$/, "");
    fields.set(name, [...(fields.get(name) ?? []), readValue(reader, readHead(reader))]);
  }
  if (unnamed.length > 0) return unnamed;
  return Object.fromEntries(
    [...fields].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : all]),
  );
}
