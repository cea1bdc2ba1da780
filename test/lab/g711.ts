/** G.711 mu-law, the format of the files that SIPp plays. */
import { tone } from "../../src/phone/tone.ts";

/** One sample from -1 to 1 as an octet (ITU-T G.711). */
export function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32635, Math.abs(Math.round(sample * 32768))) + 132;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 15;
  return ~(sign | (exponent << 4) | mantissa) & 255;
}

/** A tone as raw octets, 8000 a second. */
export function muLawTone(hz: number, ms: number): Buffer {
  return Buffer.from(Array.from(tone(hz, ms).samples, encodeMuLaw));
}
