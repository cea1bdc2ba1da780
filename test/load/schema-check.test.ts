/** The published JSON Schema and the zod schema say the same of JSON configs: samples, and samples with one value changed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checks } from "../../src/checks/index.ts";
import { schemaProblems } from "../../src/load/schema-check.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { everything, shortForms } from "../injection/fields.ts";

const samples: unknown[] = [
  ...checks.flatMap((c) => [c.bad, c.good]).map((text): unknown => JSON.parse(text)),
  // Weighed against the many samples, since these hold all of the vocabulary.
  ...Array.from({ length: 20 }, () => [everything, shortForms]).flat(),
];
/** What the shape of a config is wrong for; problems of meaning are no business of a schema. */
const shapes = new Set(["CREW2001", "CREW2002", "CREW2003", "CREW2004", "CREW2005"]);

function rejectedByZod(value: unknown): boolean {
  return parseConfig(value).diagnostics.some((d) => shapes.has(d.code));
}

type Path = readonly (string | number)[];

function paths(value: unknown, at: Path = []): Path[] {
  const inner =
    value === null || typeof value !== "object"
      ? []
      : Array.isArray(value)
        ? value.flatMap((v, i) => paths(v, [...at, i]))
        : Object.entries(value).flatMap(([k, v]) => paths(v, [...at, k]));
  return [at, ...inner];
}

function changed(value: unknown, [head, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (head === undefined) return change(value);
  if (Array.isArray(value)) return value.map((v, i) => (i === head ? changed(v, rest, change) : v));
  const record = value as Record<string, unknown>;
  const inner = changed(record[head], rest, change);
  const { [head]: _, ...others } = record;
  return inner === undefined ? others : { ...others, [head]: inner };
}

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e9,
    "",
    "x",
    [],
    {},
    "sip:10.0.0.1",
    "+14155551111",
    "10.0.0.1",
    ["x"],
    5060,
    "opus",
  ),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.integer({ min: -10, max: 70000 }),
);

const change = fc.oneof(
  oddValue.map((v) => () => v),
  fc.constant(() => undefined),
  fc.tuple(fc.constantFrom("extra", "name", "codecs", "uri", "refuse", "priority"), oddValue).map(
    ([name, v]) =>
      (old: unknown) =>
        old !== null && typeof old === "object" && !Array.isArray(old) ? { ...old, [name]: v } : v,
  ),
);

describe("the published schema", () => {
  it.each([...new Set(samples)].map((s, i) => [i, s] as const))("takes sample %i", async (_, sample) => {
    expect(await schemaProblems(sample)).toEqual([]);
  });

  it("refuses what zod refuses, and nothing else", async () => {
    const candidate = fc
      .constantFrom(...samples)
      .chain((sample) => fc.tuple(fc.constant(sample), fc.constantFrom(...paths(sample)), change))
      .map(([sample, path, alter]) => changed(sample, path, alter))
      .filter((value) => value !== undefined);
    await fc.assert(
      fc.asyncProperty(candidate, async (value) => {
        expect((await schemaProblems(value)).length > 0).toBe(rejectedByZod(value));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);
});
