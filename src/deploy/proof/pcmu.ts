/** PCMU (ITU-T G.711 mu-law): samples from -1 to 1 and their octets. */

const bias = 0x84;
const clip = 32635;

function encodeSample(sample: number): number {
  const pcm = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
  const sign = pcm < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(pcm), clip) + bias;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decodeOctet(octet: number): number {
  const value = ~octet & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + bias) << ((value >> 4) & 7)) - bias;
  return ((value & 0x80) === 0 ? magnitude : -magnitude) / 32768;
}

export function encodePcmu(samples: Float64Array): Buffer {
  return Buffer.from(Array.from(samples, encodeSample));
}

export function decodePcmu(octets: Uint8Array): Float64Array {
  return Float64Array.from(octets, decodeOctet);
}
