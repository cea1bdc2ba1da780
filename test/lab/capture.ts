/** What went over the wires of a lab: tcpdump, read back as packets and as audio. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Recognition, recognise } from "../../src/phone/tone.ts";
import type { Lab, Place } from "./netns.ts";

export interface Packet {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly protocol: "udp" | "tcp" | "other";
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Differentiated services code point (RFC 2474): 46 is EF, 24 is CS3. */
  readonly dscp: number;
  /** Of TCP: the sequence number of the payload's first octet, and whether the segment opens the connection. */
  readonly tcp?: { readonly sequence: number; readonly syn: boolean };
  readonly payload: Buffer;
}

export interface Capture {
  /** Ends the capture and gives what it saw. */
  stop(): Promise<readonly Packet[]>;
}

let captures = 0;

/**
 * Starts a capture of all that matches a filter in tcpdump's language (pcap-filter(7)): at a host what that host sends
 * and gets; at the lab itself (the default) everything, with packets from host to host twice.
 */
export async function capture(lab: Lab, filter = "udp", at: Place = lab): Promise<Capture> {
  const file = join(lab.dir, `capture-${++captures}.pcap`);
  // -Z root: in a user namespace there is no other user to become. Without immediate mode and -U the kernel and tcpdump
  // hold packets back for up to a second, and those of the end never reach the file.
  const args = [
    "-i",
    at.device,
    "-n",
    "-U",
    "--immediate-mode",
    "-Z",
    "root",
    "-s",
    "0",
    "-B",
    "4096",
    "-w",
    file,
    filter,
  ];
  const running = await at.spawn("tcpdump", lab.tools.command("tcpdump", args));
  await running.waitFor(/listening on/, 5000);
  return {
    stop: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      running.kill("SIGINT");
      await running.exited;
      return readPcap(readFileSync(file));
    },
  };
}

const address6 = (b: Buffer): string => {
  const groups = Array.from({ length: 8 }, (_, i) => b.readUInt16BE(i * 2).toString(16)).join(":");
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
};

/** Where the type of the network layer and its header lie, by link type: Ethernet, Linux "cooked" v1 and v2. */
const links: Readonly<Record<number, readonly [type: number, header: number]>> = {
  1: [12, 14],
  113: [14, 16],
  276: [0, 20],
};

function packet(at: number, frame: Buffer, [typeAt, header]: readonly [number, number]): Packet | undefined {
  const type = frame.readUInt16BE(typeAt);
  const ip = frame.subarray(header);
  const v6 = type === 0x86dd;
  if (!v6 && type !== 0x0800) return undefined;
  const headerLength = v6 ? 40 : ((ip[0] ?? 0) & 15) * 4;
  const kind = ip[v6 ? 6 : 9];
  const protocol = kind === 17 ? "udp" : kind === 6 ? "tcp" : "other";
  const length = v6 ? 40 + ip.readUInt16BE(4) : ip.readUInt16BE(2);
  const transport = ip.subarray(headerLength, length);
  const skip = protocol === "udp" ? 8 : protocol === "tcp" ? ((transport[12] ?? 0) >> 4) * 4 : 0;
  return {
    at,
    protocol,
    source: v6 ? address6(ip.subarray(8, 24)) : [...ip.subarray(12, 16)].join("."),
    destination: v6 ? address6(ip.subarray(24, 40)) : [...ip.subarray(16, 20)].join("."),
    sourcePort: protocol === "other" ? 0 : transport.readUInt16BE(0),
    destinationPort: protocol === "other" ? 0 : transport.readUInt16BE(2),
    dscp: v6 ? (ip.readUInt16BE(0) >> 6) & 63 : (ip[1] ?? 0) >> 2,
    ...(protocol === "tcp"
      ? { tcp: { sequence: transport.readUInt32BE(4), syn: ((transport[13] ?? 0) & 2) !== 0 } }
      : {}),
    payload: transport.subarray(skip),
  };
}

/** IP packets of a pcap file, little-endian with microseconds, as tcpdump writes them on this machine. */
export function readPcap(file: Buffer): readonly Packet[] {
  const link = links[file.readUInt32LE(20)];
  if (link === undefined) throw new Error(`a capture of link type ${file.readUInt32LE(20)}`);
  const packets: Packet[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    if (at + 16 + length > file.length) break;
    const when = file.readUInt32LE(at) + file.readUInt32LE(at + 4) / 1e6;
    const p = packet(when, file.subarray(at + 16, at + 16 + length), link);
    if (p) packets.push(p);
    at += 16 + length;
  }
  return packets;
}

export interface RtpStream {
  readonly from: string;
  readonly to: string;
  readonly ssrc: number;
  readonly packets: number;
  /** Sequence numbers that never came between the first and the last. */
  readonly lost: number;
  readonly payloadTypes: readonly number[];
  readonly dscp: readonly number[];
  /** Longest time without a packet, in milliseconds. */
  readonly longestGapMs: number;
  /** Looks for a tone in what was sent as PCMU or PCMA. */
  heard(hz: number, minMs?: number): Recognition;
}

/** ITU-T G.711 mu-law and A-law octets as samples from -1 to 1. */
function decodeG711(octet: number, payloadType: number): number {
  if (payloadType === 8) {
    const a = octet ^ 0x55;
    const exponent = (a >> 4) & 7;
    const mantissa = ((a & 15) << 4) + 8;
    const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
    return (a & 0x80 ? magnitude : -magnitude) / 32768;
  }
  const u = ~octet & 255;
  const magnitude = ((((u & 15) << 3) + 132) << ((u >> 4) & 7)) - 132;
  return (u & 0x80 ? -magnitude : magnitude) / 32768;
}

/** The RTP streams (RFC 3550) among UDP packets, in order of their first packet. RTCP and SIP are left out. */
export function rtpStreams(packets: readonly Packet[]): readonly RtpStream[] {
  const groups = new Map<string, Packet[]>();
  for (const p of packets) {
    if (p.protocol !== "udp" || p.payload.length < 13 || (p.payload[0] ?? 0) >> 6 !== 2) continue;
    const type = (p.payload[1] ?? 0) & 127;
    // Payload types 64-95 with the marker bit removed are RTCP packet types (RFC 5761 section 4).
    if (type >= 64 && type <= 95) continue;
    const key = `${p.source}:${p.sourcePort}>${p.destination}:${p.destinationPort}#${p.payload.readUInt32BE(8)}`;
    groups.set(key, [...(groups.get(key) ?? []), p]);
  }
  return [...groups.values()].map(stream);
}

function stream(group: readonly Packet[]): RtpStream {
  const [first] = group;
  if (first === undefined) throw new Error("an RTP stream without packets");
  const types = group.map((p) => (p.payload[1] ?? 0) & 127);
  const numbers = group.map((p) => p.payload.readUInt16BE(2));
  const start = numbers[0] ?? 0;
  const offsets = new Set(numbers.map((n) => (n - start + 0x8000) & 0xffff));
  const span = Math.max(...offsets) - Math.min(...offsets) + 1;
  const gaps = group.slice(1).map((p, i) => p.at - (group[i]?.at ?? p.at));
  return {
    from: `${first.source}:${first.sourcePort}`,
    to: `${first.destination}:${first.destinationPort}`,
    ssrc: first.payload.readUInt32BE(8),
    packets: group.length,
    lost: span - offsets.size,
    payloadTypes: [...new Set(types)],
    dscp: [...new Set(group.map((p) => p.dscp))],
    longestGapMs: Math.round(Math.max(0, ...gaps) * 1000),
    heard: (hz, minMs) => {
      const samples = group.flatMap((p, i) => {
        const type = types[i] ?? 0;
        if (type !== 0 && type !== 8) return [];
        return [...p.payload.subarray(12)].map((octet) => decodeG711(octet, type));
      });
      return recognise({ rate: 8000, samples: Float64Array.from(samples) }, hz, minMs);
    },
  };
}
