import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EscapeError } from "../../../src/targets/escape/escaped.ts";
import {
  gkeyComment,
  gkeyInteger,
  gkeyList,
  gkeyName,
  gkeyString,
} from "../../../src/targets/escape/gkeyfile.ts";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { configOf, modelOf, startRelay } from "../rtpengine/relay.ts";

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("\\", "s", "n", ";", "#", "[", "]", "=", " ", '"', "'", "$", "%", "\n", "é"),
    maxLength: 20,
  }),
);

function escaped(value: string): string | undefined {
  try {
    return gkeyString(value);
  } catch (error) {
    if (error instanceof EscapeError) return undefined;
    throw error;
  }
}

describe("GKeyFile text", () => {
  test("never ends its line", () => {
    fc.assert(
      fc.property(nasty, (value) => {
        for (const text of [escaped(value), gkeyComment(value)])
          if (text !== undefined) expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
      }),
    );
  });

  test("refuses what it cannot carry", () => {
    for (const bad of ["", "a\nb", "a\0b", "\ud800", "a\rb", " a", "a "])
      expect(() => gkeyString(bad)).toThrow(EscapeError);
    for (const bad of ["", "a b", "a=b", "[x]", "a\n"]) expect(() => gkeyName(bad)).toThrow(EscapeError);
    for (const bad of [Number.NaN, 1.5, Number.POSITIVE_INFINITY])
      expect(() => gkeyInteger(bad)).toThrow(EscapeError);
    expect(() => gkeyList([])).toThrow(EscapeError);
  });

  test("keeps the items of a list apart", () => {
    expect(gkeyList(["a;b", "c"])).toBe("a\\;b;c");
  });
});

describe("through rtpengine", () => {
  let lab: Lab;
  beforeAll(async () => {
    await labEngine("6.1");
    lab = await openLab();
  }, 600_000);
  afterAll(() => lab.close());

  test("every string that is accepted arrives as it was, and changes nothing else", async () => {
    const values = [
      ...fc.sample(nasty, { numRuns: 60, seed: 7 }),
      "a b",
      "\\s",
      "a\\nb",
      "x # y",
      "[rtpengine]",
      ";;",
      "tos = 1",
    ]
      .filter((value) => escaped(value) !== undefined)
      .slice(-14);
    expect(values.length).toBe(14);
    const base = configOf(modelOf({}));
    for (const value of values) {
      const config = `${base}\n# ${gkeyComment(value)}\nb2b-url = ${gkeyString(value)}\n`;
      const relay = await startRelay(lab, "6.1", config);
      const client = await lab.tcp({ address: "127.0.0.1", port: 2224 }, { address: "127.0.0.1" });
      await client.send("params current\n");
      await expect.poll(() => client.text, { timeout: 3000 }).toMatch(/^b2b_url = .*\n/m);
      const text = Buffer.from(client.text, "latin1").toString("utf8");
      expect(/^b2b_url = (.*)$/m.exec(text)?.[1]).toBe(value);
      expect(text).toMatch(/^default_tos = 184$/m);
      await client.close();
      await relay.stop();
    }
  });
});
