import { describe, expect, test } from "vitest";
import { recognise, tone, tones } from "../../src/phone/tone.ts";
import { decodeWav, encodeWav, type Sound } from "../../src/phone/wav.ts";

/** Park and Miller's generator: noise that is the same on every run. */
function noise(ms: number, amplitude: number, rate = 8000): Sound {
  let seed = 42;
  const samples = Float64Array.from({ length: (rate * ms) / 1000 }, () => {
    seed = (seed * 48271) % 2147483647;
    return amplitude * (seed / 1073741823.5 - 1);
  });
  return { rate, samples };
}

const mixed = (a: Sound, b: Sound): Sound => ({
  rate: a.rate,
  samples: a.samples.map((s, i) => s + (b.samples[i] ?? 0)),
});

/** What G.711 mu-law (ITU-T G.711) leaves of a sound: companded to 8 bits and back. */
function throughMuLaw(sound: Sound): Sound {
  const samples = sound.samples.map((s) => {
    const compressed =
      Math.round((Math.sign(s) * Math.log(1 + 255 * Math.abs(s)) * 127) / Math.log(256)) / 127;
    return (Math.sign(compressed) * (256 ** Math.abs(compressed) - 1)) / 255;
  });
  return { rate: sound.rate, samples };
}

describe("recognise", () => {
  const all = Object.values(tones);
  for (const rate of [8000, 16000, 48000])
    for (const hz of all)
      test(`hears ${hz} Hz at ${rate} samples a second and no other tone in it`, () => {
        for (const other of [...all, hz - 60, hz + 60, 440])
          expect(recognise(tone(hz, 1000, rate), other).heard, `${other} in ${hz}`).toBe(other === hz);
      });

  test("hears a faint tone, one through G.711, and one in moderate noise", () => {
    expect(recognise(tone(700, 1000, 8000, 0.02), 700).heard).toBe(true);
    expect(recognise(throughMuLaw(tone(700, 1000)), 700).heard).toBe(true);
    expect(recognise(mixed(tone(700, 1000), noise(1000, 0.3)), 700).heard).toBe(true);
  });

  test("hears nothing in silence, noise, a click, a rumour of a tone, or an empty recording", () => {
    for (const hz of all) {
      expect(recognise({ rate: 8000, samples: new Float64Array(8000) }, hz)).toMatchObject({
        heard: false,
        ms: 0,
        of: 1000,
      });
      expect(recognise(noise(3000, 1), hz).ms).toBe(0);
      expect(recognise(tone(hz, 300), hz).heard).toBe(false);
      expect(recognise(tone(hz, 1000, 8000, 0.001), hz).heard).toBe(false);
      expect(recognise({ rate: 8000, samples: new Float64Array(0) }, hz).heard).toBe(false);
    }
  });

  test("counts how long the tone lasted", () => {
    const gap = { rate: 8000, samples: new Float64Array(4000) };
    const samples = Float64Array.from([...tone(700, 500).samples, ...gap.samples, ...tone(700, 500).samples]);
    expect(recognise({ rate: 8000, samples }, 700).ms).toBeGreaterThanOrEqual(900);
    expect(recognise({ rate: 8000, samples }, 700).ms).toBeLessThanOrEqual(1000);
  });
});

describe("a WAV file", () => {
  const sound = tone(700, 100);

  test("comes back as it was", () => {
    const back = decodeWav(encodeWav(sound));
    expect(back.rate).toBe(8000);
    expect(back.samples.length).toBe(800);
    expect(Math.max(...back.samples.map((s, i) => Math.abs(s - (sound.samples[i] ?? 0))))).toBeLessThan(1e-4);
  });

  test("is read though its recorder was killed, and though chunks stand before the data", () => {
    const wav = encodeWav(sound);
    wav.writeUInt32LE(0, 40);
    expect(decodeWav(wav).samples.length).toBe(800);
    wav.writeUInt32LE(0xffffffff, 40);
    expect(decodeWav(wav).samples.length).toBe(800);
    const list = Buffer.concat([wav.subarray(0, 36), Buffer.from("LIST\u0003\0\0\0abc\0"), wav.subarray(36)]);
    expect(decodeWav(list).samples.length).toBe(800);
  });

  test("is refused where it is none", () => {
    expect(() => decodeWav(Buffer.from("RIFF"))).toThrow("not a WAV file");
    expect(() => decodeWav(encodeWav(sound).subarray(0, 36))).toThrow("without samples");
  });
});
