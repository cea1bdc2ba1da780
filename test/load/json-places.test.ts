import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPlaces } from "../../src/load/json-places.ts";
import { type JsonNode, parseJsonText } from "../../src/load/json-text.ts";

interface Known {
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly name?: { readonly start: number; readonly end: number };
}

/** Every value of a text as the strict parser, which reads all of it, places it. */
function everyValue(node: JsonNode, path: readonly string[] = [], name?: Known["name"]): Known[] {
  const { start, end } = node;
  return [
    { path, start, end, ...(name === undefined ? {} : { name }) },
    ...node.elements.flatMap((inner, i) => everyValue(inner, [...path, String(i)])),
    ...node.members.flatMap((m) =>
      everyValue(m.value, [...path, m.name], { start: m.nameStart, end: m.nameEnd }),
    ),
  ];
}

const texts = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, "\t", " \t"), fc.constantFrom("", "\uFEFF"))
  .map(([json, indent, mark]) => `${mark}${JSON.stringify(JSON.parse(json), null, indent)}\n`);

describe("jsonPlaces", () => {
  it("agrees with the strict parser on every place, in any order of asking", () => {
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.nat()), (text, picks) => {
        const { root } = parseJsonText(text);
        if (root === undefined) throw new Error("no JSON");
        const places = jsonPlaces(text);
        const left = everyValue(root);
        while (left.length > 0) {
          const [known] = left.splice((picks.next().value ?? 0) % left.length, 1);
          if (known === undefined) throw new Error("no place");
          const { path, start, end, name } = known;
          expect(places.find(path, "value")).toEqual({ start, end });
          expect(places.find(path, "key")).toEqual(name ?? { start, end });
        }
      }),
    );
  });

  it.each([
    ["a property that is not there", ["a", "x", "y"], '{ "b": [1] }'],
    ["an index beyond the end", ["a", "b", "1"], "[1]"],
    ["a segment that is no index", ["a", "b", "00"], "[1]"],
    ["a step into text", ["a", "b", "0", "c"], "1"],
  ])("stops at the deepest value: %s", (_, path, expected) => {
    const text = '{ "a": { "b": [1] } }';
    const { start, end } = jsonPlaces(text).find(path, "value");
    expect(text.slice(start, end)).toBe(expected);
  });

  it("keeps brackets and quotes inside of text apart from the structure", () => {
    const text = String.raw`{"a\"]}":"[{\\","b":["]", {"c": "\\\""}]}`;
    const { start, end } = jsonPlaces(text).find(["b", "1", "c"], "value");
    expect(text.slice(start, end)).toBe(String.raw`"\\\""`);
  });
});
