/** RTP (RFC 3550) of the proof call: a tone sent every 20 ms, and what comes back. */
import { randomBytes, randomInt } from "node:crypto";
import type { Socket } from "node:dgram";
import { recognise, tone } from "../../phone/tone.ts";
import { decodePcmu, encodePcmu } from "./pcmu.ts";

const rate = 8000;
const packetMs = 20;
const samplesPerPacket = (rate * packetMs) / 1000;
/** Off the dial tones, ring tones and DTMF rows that a mixed-up call could carry. */
const hz = 1040;
const headerBytes = 12;

export interface Heard {
  /** The tone filled at least `enoughMs` of what came back. */
  readonly heard: boolean;
  readonly sent: number;
  readonly received: number;
}

/** Sends the tone and listens until enough of it (milliseconds) came back or the time is over. */
export function exchangeTone(
  socket: Socket,
  to: { readonly address: string; readonly port: number },
  enoughMs: number,
  timeoutMs: number,
): Promise<Heard> {
  return new Promise((resolve) => {
    const source = randomBytes(4);
    const sequence = randomInt(0, 1 << 15);
    const period = encodePcmu(tone(hz, 1000, rate).samples);
    const octets: Buffer[] = [];
    let sent = 0;
    let received = 0;
    const finish = (heard: boolean): void => {
      clearInterval(beat);
      clearTimeout(timer);
      socket.removeAllListeners("message");
      resolve({ heard, sent, received });
    };
    const send = (): void => {
      const header = Buffer.alloc(headerBytes);
      header.writeUInt8(0x80, 0);
      header.writeUInt8(sent === 0 ? 0x80 : 0, 1);
      header.writeUInt16BE((sequence + sent) & 0xffff, 2);
      header.writeUInt32BE((sent * samplesPerPacket) >>> 0, 4);
      source.copy(header, 8);
      const at = (sent * samplesPerPacket) % rate;
      socket.send(Buffer.concat([header, period.subarray(at, at + samplesPerPacket)]), to.port, to.address);
      sent++;
    };
    socket.on("message", (packet) => {
      if (packet.length <= headerBytes || (packet.readUInt8(1) & 0x7f) !== 0) return;
      received++;
      octets.push(packet.subarray(headerBytes));
      const samples = decodePcmu(Buffer.concat(octets));
      if (received * packetMs >= enoughMs && recognise({ rate, samples }, hz, enoughMs).heard) finish(true);
    });
    const timer = setTimeout(() => finish(false), timeoutMs);
    const beat = setInterval(send, packetMs);
    send();
  });
}
