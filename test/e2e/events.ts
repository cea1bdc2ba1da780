/** Telephone events (RFC 4733) by hand, beside silence. */

export interface TelephoneEvent {
  readonly digit: string;
  readonly type: number;
  /** In units of the clock of its payload type. */
  readonly duration: number;
}

const digits = "0123456789*#ABCD";

/** The packets of one event: an update every 20 ms, the end three times. */
export function eventPackets(
  e: TelephoneEvent & { readonly clock: number; readonly from: number },
): Buffer[] {
  const step = e.clock / 50;
  const updates = Math.floor(e.duration / step);
  const lengths = Array.from({ length: updates }, (_, i) => Math.min((i + 1) * step, e.duration));
  return [...lengths.slice(0, -1).map((d) => [d, 0]), ...[0, 1, 2].map(() => [e.duration, 0x80])].map(
    ([duration = 0, end = 0], i) => {
      const packet = Buffer.alloc(16);
      packet.writeUInt16BE(0x8000 | (i === 0 ? 0x80 : 0) | e.type);
      packet.writeUInt16BE(e.from + i, 2);
      packet.writeUInt32BE(e.from * step, 4);
      packet.writeUInt32BE(4711, 8);
      packet[12] = digits.indexOf(e.digit);
      packet[13] = end | 10;
      packet.writeUInt16BE(duration, 14);
      return packet;
    },
  );
}

/** The events that ended in RTP of these payload types, each once. */
export function eventsIn(packets: readonly Buffer[], types: readonly number[]): TelephoneEvent[] {
  const ended = new Map<number, TelephoneEvent>();
  for (const p of packets) {
    const type = (p[1] ?? 0) & 127;
    if (p.length !== 16 || !types.includes(type) || ((p[13] ?? 0) & 0x80) === 0) continue;
    ended.set(p.readUInt32BE(4), { digit: digits[p[12] ?? 0] ?? "?", type, duration: p.readUInt16BE(14) });
  }
  return [...ended.values()];
}
