/** WAV files of 16-bit PCM: all that phones play and record here. */
import { readFileSync, writeFileSync } from "node:fs";

export interface Sound {
  /** Samples per second. */
  readonly rate: number;
  /** One channel, -1 to 1; of several channels the first. */
  readonly samples: Float64Array;
}

/** The bytes of a mono 16-bit WAV file. */
export function encodeWav(sound: Sound): Buffer {
  const { rate, samples } = sound;
  const wav = Buffer.alloc(44 + samples.length * 2);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((s, i) => {
    wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, s)) * 32767), 44 + i * 2);
  });
  return wav;
}

/**
 * Reads a WAV file of 16-bit PCM. A data chunk that claims more than there is, or nothing, as recorders leave it that
 * were killed, is read to the end of the file. Throws where it is no such file.
 */
export function decodeWav(wav: Buffer): Sound {
  if (wav.length < 12 || wav.toString("latin1", 0, 4) !== "RIFF" || wav.toString("latin1", 8, 12) !== "WAVE")
    throw new Error("not a WAV file");
  let rate = 0;
  let channels = 1;
  for (let at = 12; at + 8 <= wav.length; ) {
    const id = wav.toString("latin1", at, at + 4);
    const size = wav.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === "fmt ") {
      channels = wav.readUInt16LE(body + 2);
      rate = wav.readUInt32LE(body + 4);
      const bits = wav.readUInt16LE(body + 14);
      if (bits !== 16) throw new Error(`a WAV file of ${bits}-bit samples, not 16`);
    }
    if (id === "data" && rate > 0) {
      const end = size === 0 || body + size > wav.length ? wav.length : body + size;
      const frames = Math.floor((end - body) / (2 * channels));
      const samples = Float64Array.from(
        { length: frames },
        (_, i) => wav.readInt16LE(body + i * 2 * channels) / 32768,
      );
      return { rate, samples };
    }
    at = body + size + (size % 2);
  }
  throw new Error("a WAV file without samples");
}

export function writeWav(file: string, sound: Sound): void {
  writeFileSync(file, encodeWav(sound));
}

export function readWav(file: string): Sound {
  return decodeWav(readFileSync(file));
}
