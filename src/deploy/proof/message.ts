/** Just enough SIP (RFC 3261) for the proof call: composing messages and reading what the edge sends. */

export interface SipMessage {
  /** Request line or status line. */
  readonly start: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const compact: Readonly<Record<string, string>> = {
  v: "via",
  f: "from",
  t: "to",
  i: "call-id",
  m: "contact",
  l: "content-length",
  c: "content-type",
};

/** Reads one message; `undefined` where it is none. */
export function parseMessage(text: string): SipMessage | undefined {
  const gap = text.indexOf("\r\n\r\n");
  if (gap < 0) return undefined;
  const [start = "", ...lines] = text
    .slice(0, gap)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  if (!/^SIP\/2\.0 \d{3}|^[A-Z]+ \S+ SIP\/2\.0$/.test(start)) return undefined;
  const headers = lines.flatMap((line): (readonly [string, string])[] => {
    const colon = line.indexOf(":");
    if (colon < 0) return [];
    const name = line.slice(0, colon).trim().toLowerCase();
    return [[compact[name] ?? name, line.slice(colon + 1).trim()]];
  });
  return { start, headers, body: text.slice(gap + 4) };
}

/** All values of a header, in order; comma-separated route values are taken apart. */
export function values(message: SipMessage, name: string): readonly string[] {
  const found = message.headers.filter(([n]) => n === name).map(([, value]) => value);
  if (name !== "record-route" && name !== "route" && name !== "contact") return found;
  return found.flatMap((value) => value.split(/,(?=\s*(?:"[^"]*"\s*)?<)/).map((v) => v.trim()));
}

export function first(message: SipMessage, name: string): string | undefined {
  return values(message, name)[0];
}

/** Status code of a response; `undefined` for a request. */
export function status(message: SipMessage): number | undefined {
  const match = /^SIP\/2\.0 (\d{3})/.exec(message.start);
  return match === null ? undefined : Number(match[1]);
}

/** Method of a request; `undefined` for a response. */
export function method(message: SipMessage): string | undefined {
  return status(message) === undefined ? message.start.split(" ")[0] : undefined;
}

/** The URI of a name-addr or addr-spec, without what stands outside of it. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(";")[0]?.trim() ?? value;
}

export function tagOf(value: string): string | undefined {
  return /;\s*tag=([^;>\s]+)/i.exec(value.replace(/<[^>]*>/, ""))?.[1];
}

export function compose(start: string, headers: readonly (readonly [string, string])[], body = ""): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [start, ...lines, length, "", body].join("\r\n");
}

/** An offer or answer of one PCMU stream (RFC 8866). */
export function sdp(address: string, port: number): string {
  const family = address.includes(":") ? "IP6" : "IP4";
  return [
    "v=0",
    `o=crew 1 1 IN ${family} ${address}`,
    "s=crew",
    `c=IN ${family} ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0`,
    "a=rtpmap:0 PCMU/8000",
    "a=ptime:20",
    "a=sendrecv",
    "",
  ].join("\r\n");
}

/** Where a session description wants its audio. */
export function audioOf(body: string): { readonly address: string; readonly port: number } | undefined {
  const media = body.slice(Math.max(0, body.search(/^m=audio /m)));
  const port = /^m=audio (\d+)/m.exec(media)?.[1];
  const address = (/^c=IN IP[46] (\S+)/m.exec(media) ?? /^c=IN IP[46] (\S+)/m.exec(body))?.[1];
  return port === undefined || address === undefined ? undefined : { address, port: Number(port) };
}
