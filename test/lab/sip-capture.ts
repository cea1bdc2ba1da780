/** The SIP messages of a capture, each with its addresses, its marking and all its header lines. */
import type { Packet } from "./capture.ts";

export interface SipMessage {
  /** Seconds since the epoch, of the packet in which it begins. */
  readonly at: number;
  readonly transport: "udp" | "tcp";
  /** `address:port`. */
  readonly from: string;
  readonly to: string;
  /** Differentiated services code points of the packets that carry it, each once. */
  readonly dscp: readonly number[];
  readonly text: string;
  readonly startLine: string;
  /** Unfolded, in order. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
}

const start = /^(?:SIP\/2\.0 \d{3} [^\r\n]*|[A-Z]+ \S+ SIP\/2\.0)\r?\n/;

/** Where a message ends in a stream (RFC 3261 section 18.3), or undefined where it is not there in full. */
function endOf(stream: string): number | undefined {
  const head = /\r\n\r\n/.exec(stream);
  if (head === null) return undefined;
  const bodyAt = head.index + 4;
  const length = /^(?:content-length|l)[ \t]*:[ \t]*(\d+)/im.exec(stream.slice(0, bodyAt))?.[1];
  const end = bodyAt + Number(length ?? 0);
  return end <= stream.length ? end : undefined;
}

function message(text: string, packets: readonly Packet[]): SipMessage {
  const [first] = packets;
  if (first === undefined) throw new Error("a SIP message without packets");
  const split = text.indexOf("\r\n\r\n");
  const [startLine = "", ...lines] = text
    .slice(0, split)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
  return {
    at: first.at,
    transport: first.protocol === "tcp" ? "tcp" : "udp",
    from: `${first.source}:${first.sourcePort}`,
    to: `${first.destination}:${first.destinationPort}`,
    dscp: [...new Set(packets.map((p) => p.dscp))],
    text: utf8(text),
    startLine: utf8(startLine),
    headers: lines.map((line) => {
      const [, name = line, value = ""] = /^([^:]*?)\s*:\s*(.*)$/.exec(line) ?? [];
      return { name, value: utf8(value) };
    }),
    body: utf8(text.slice(split + 4)),
  };
}

/** Segments of one direction of a connection in order of their numbers, repeated ones left out. */
function inOrder(segments: readonly Packet[]): readonly Packet[] {
  const base = segments[0]?.tcp?.sequence ?? 0;
  const offset = (p: Packet): number => ((p.tcp?.sequence ?? 0) - base) | 0;
  const sorted = segments.toSorted((a, b) => offset(a) - offset(b));
  let end = Number.NEGATIVE_INFINITY;
  return sorted.flatMap((p) => {
    const skip = Math.max(0, end - offset(p));
    if (skip >= p.payload.length) return [];
    end = offset(p) + p.payload.length;
    return [skip === 0 ? p : { ...p, payload: p.payload.subarray(skip) }];
  });
}

/** The messages in one direction of a connection. What is not SIP, such as keep-alives, is skipped. */
function ofStream(segments: readonly Packet[]): SipMessage[] {
  const ordered = inOrder(segments);
  const starts: number[] = [];
  let all = "";
  for (const p of ordered) {
    starts.push(all.length);
    all += p.payload.toString("latin1");
  }
  const found: SipMessage[] = [];
  for (let at = 0; at < all.length; ) {
    const rest = all.slice(at);
    const end = start.test(rest) ? endOf(rest) : undefined;
    if (end === undefined) {
      const line = rest.indexOf("\n");
      if (line < 0) break;
      at += line + 1;
      continue;
    }
    const until = at + end;
    const carriers = ordered.filter(
      (p, i) => (starts[i] ?? 0) < until && (starts[i] ?? 0) + p.payload.length > at,
    );
    found.push(message(all.slice(at, until), carriers));
    at = until;
  }
  return found;
}

/**
 * Every SIP message that packets carry over UDP or TCP, by time; TLS shows none. A retransmission is a message of its own
 * over UDP. Capture at a host: at the lab itself what goes from host to host is there twice.
 */
export function sipMessages(packets: readonly Packet[]): readonly SipMessage[] {
  const found: SipMessage[] = [];
  const streams = new Map<string, Packet[]>();
  const connections = new Map<string, number>();
  for (const p of packets) {
    if (p.protocol === "udp") {
      const text = p.payload.toString("latin1");
      if (start.test(text) && text.includes("\r\n\r\n")) found.push(message(text, [p]));
    }
    if (p.tcp === undefined) continue;
    const flow = `${p.source}:${p.sourcePort}>${p.destination}:${p.destinationPort}`;
    // The same ports may serve one connection after another.
    if (p.tcp.syn) connections.set(flow, p.tcp.sequence);
    if (p.payload.length === 0) continue;
    const key = `${flow}#${connections.get(flow) ?? "open before"}`;
    streams.set(key, [...(streams.get(key) ?? []), p]);
  }
  for (const segments of streams.values()) found.push(...ofStream(segments));
  return found.toSorted((a, b) => a.at - b.at);
}
