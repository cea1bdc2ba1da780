/** Tones for telling whether a call carries audio, and whose: making them and recognising them (Goertzel's algorithm). */
import type { Sound } from "./wav.ts";

/** Frequencies that stay apart through every codec in use and share no harmonic below 4 kHz. */
export const tones = { caller: 700, agent: 1100, third: 1900 } as const;

/** A sine of `hz` for `ms` milliseconds; amplitude 0 to 1, default half of full scale (-6 dBFS). */
export function tone(hz: number, ms: number, rate = 8000, amplitude = 0.5): Sound {
  const length = Math.round((rate * ms) / 1000);
  const samples = Float64Array.from(
    { length },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate),
  );
  return { rate, samples };
}

export interface Recognition {
  readonly heard: boolean;
  /** Milliseconds in which the tone was there; need not be in one piece. */
  readonly ms: number;
  /** Milliseconds of the recording. */
  readonly of: number;
}

/** Windows of this length: 40 ms tell tones that are 50 Hz apart, and are short beside a lost packet. */
const windowMs = 40;
/** The tone must hold this share of a window's energy; white noise gives less than a tenth of that. */
const share = 0.5;
/** Below this mean square (-50 dBFS) a window is silence, whatever its spectrum. */
const floor = 1e-5;

/**
 * Looks for a tone of `hz` in a recording. It is heard where it fills at least `minMs` (default 400) milliseconds.
 * Silence, noise, speech and other tones are not recognised.
 */
export function recognise(sound: Sound, hz: number, minMs = 400): Recognition {
  const { rate, samples } = sound;
  const n = Math.round((rate * windowMs) / 1000);
  const of = Math.round((samples.length * 1000) / rate);
  // The window cut to whole periods, so that the bin lies on the tone and leaks nothing.
  const size = Math.round(Math.round((n * hz) / rate) * (rate / hz));
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let ms = 0;
  for (let start = 0; start + size <= samples.length; start += n) {
    let energy = 0;
    let s1 = 0;
    let s2 = 0;
    for (let i = start; i < start + size; i++) {
      const x = samples[i] ?? 0;
      energy += x * x;
      const s0 = x + coefficient * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    // A pure tone has |X|^2 = energy * size / 2.
    if (energy / size > floor && (2 * power) / (size * energy) > share) ms += windowMs;
  }
  return { heard: ms >= minMs, ms, of };
}
