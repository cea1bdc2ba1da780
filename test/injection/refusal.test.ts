/** Hostile text in every text property: refused at its place, or kept to what the property's grammar allows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../src/model/parse.ts";
import { edge } from "../../src/model/schema/edge.ts";
import { everything, shortForms, textPlaces, withValue } from "./fields.ts";

const configs = { everything, shortForms };
const places = Object.values(configs).flatMap((config) =>
  textPlaces(config).map((place) => ({ place, config })),
);

/** Places whose text never reaches an artifact: a literal password is kept by reference, a PBX kind is looked up. */
const carriedNowhere = /\/password$/;

const hostile = [
  '"',
  "'",
  "\\",
  "\n",
  "\r\n",
  "a\nb",
  '"; }\nroute[x] { exit; }',
  "'; flush ruleset; #",
  "; drop",
  "#!define X",
  "$ru",
  "$$",
  "$(ci{s.len})",
  "`id`",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00x",
  "\u2028",
  "{{constructor}}",
  "../../etc/passwd",
  "",
  " ",
  "x".repeat(10_240),
];

function leavesOfSchema(): Set<string> {
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const visit = (type: z.core.$ZodType, name: string): void => {
    if (type instanceof z.ZodOptional) visit(type.unwrap() as z.core.$ZodType, name);
    if (type instanceof z.ZodString) names.add(name);
    if (seen.has(type)) return;
    if (type instanceof z.ZodUnion) for (const option of type.options) visit(option as z.core.$ZodType, name);
    if (type instanceof z.ZodArray) visit(type.element as z.core.$ZodType, name);
    if (type instanceof z.ZodRecord) visit(type.valueType as z.core.$ZodType, name);
    if (type instanceof z.ZodObject) {
      seen.add(type);
      for (const [key, inner] of Object.entries(type.shape)) visit(inner as z.core.$ZodType, key);
    }
  };
  visit(edge, "");
  return names;
}

describe("hostile text", () => {
  it("is tried in every text property that the schema has", () => {
    const tried = new Set(places.map((p) => p.place.split("/").findLast((s) => !/^[0-9]+$/.test(s)) ?? ""));
    expect([...leavesOfSchema()].filter((name) => !tried.has(name))).toEqual([]);
  });

  it.each([everything, shortForms])("finds the base config good", (config) => {
    expect(parseConfig(config).diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  });

  it.each(places)("$place takes none of it as it stands", ({ place, config }) => {
    for (const text of hostile) {
      const result = parseConfig(withValue(config, place, text));
      if (result.value === undefined) {
        const errors = result.diagnostics.filter((d) => d.severity === "error").map((d) => d.pointer ?? "");
        // At the place, above it (a union's kind), or where the name that it changes is used.
        expect(
          errors.some((at) => place.startsWith(at) || at.startsWith("/trunks/")),
          place,
        ).toBe(true);
        continue;
      }
      if (carriedNowhere.test(place)) continue;
      // What is accepted has no character that ends a line or a quoted string in any grammar that crew writes.
      expect(text, place).not.toMatch(/["\\\p{Cc}\p{Cs}\u2028]/u);
      expect(text.length, place).toBeLessThanOrEqual(4096);
    }
  });

  it("accepts no random text that could end a quoted string or a line", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places.filter((p) => !carriedNowhere.test(p.place))),
        text,
        ({ place, config }, value) => {
          const result = parseConfig(withValue(config, place, value));
          return result.value === undefined || !/["\\\p{Cc}\p{Cs}]/u.test(value);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
