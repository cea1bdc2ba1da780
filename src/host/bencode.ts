/** Bencode: how rtpengine's ng protocol writes its messages. */

export type Bencode = string | number | readonly Bencode[] | { readonly [key: string]: Bencode };

/** Encodes a value; strings as UTF-8, numbers as integers, keys in the order given. */
export function bencode(value: Bencode): Buffer {
  const parts: Buffer[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: Bencode, parts: Buffer[]): void {
  if (typeof value === "string") {
    const text = Buffer.from(value, "utf8");
    parts.push(Buffer.from(`${text.length}:`), text);
  } else if (typeof value === "number") {
    parts.push(Buffer.from(`i${Math.trunc(value)}e`));
  } else if (isList(value)) {
    parts.push(Buffer.from("l"));
    for (const item of value) write(item, parts);
    parts.push(Buffer.from("e"));
  } else {
    parts.push(Buffer.from("d"));
    for (const [key, item] of Object.entries(value)) {
      write(key, parts);
      write(item, parts);
    }
    parts.push(Buffer.from("e"));
  }
}

function isList(
  value: readonly Bencode[] | { readonly [key: string]: Bencode },
): value is readonly Bencode[] {
  return Array.isArray(value);
}

/** Decodes one value that fills `data`; strings as UTF-8. Returns `undefined` on anything else. */
export function unbencode(data: Buffer): Bencode | undefined {
  const read = readAt(data, 0);
  return read !== undefined && read.end === data.length ? read.value : undefined;
}

interface Read {
  readonly value: Bencode;
  readonly end: number;
}

function readAt(data: Buffer, at: number): Read | undefined {
  switch (data[at]) {
    case 0x69:
      return readInteger(data, at);
    case 0x6c:
      return readList(data, at);
    case 0x64:
      return readDictionary(data, at);
    default:
      return readString(data, at);
  }
}

function readInteger(data: Buffer, at: number): Read | undefined {
  const end = data.indexOf("e", at);
  const text = data.toString("latin1", at + 1, end);
  return end < 0 || !/^-?\d+$/.test(text) ? undefined : { value: Number(text), end: end + 1 };
}

function readString(data: Buffer, at: number): Read | undefined {
  const colon = data.indexOf(":", at);
  const text = data.toString("latin1", at, colon);
  if (colon < 0 || !/^\d{1,9}$/.test(text)) return undefined;
  const end = colon + 1 + Number(text);
  return end > data.length ? undefined : { value: data.toString("utf8", colon + 1, end), end };
}

function readList(data: Buffer, start: number): Read | undefined {
  const value: Bencode[] = [];
  let at = start + 1;
  while (at < data.length && data[at] !== 0x65) {
    const item = readAt(data, at);
    if (item === undefined) return undefined;
    value.push(item.value);
    at = item.end;
  }
  return at < data.length ? { value, end: at + 1 } : undefined;
}

function readDictionary(data: Buffer, start: number): Read | undefined {
  const entries: [string, Bencode][] = [];
  let at = start + 1;
  while (at < data.length && data[at] !== 0x65) {
    const key = readString(data, at);
    const item = key === undefined ? undefined : readAt(data, key.end);
    if (key === undefined || item === undefined) return undefined;
    entries.push([String(key.value), item.value]);
    at = item.end;
  }
  return at < data.length ? { value: Object.fromEntries(entries), end: at + 1 } : undefined;
}
