/** Every value of the examples leads to the place where it is written. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pointer } from "../../src/core/pointer.ts";
import { loadConfig } from "../../src/load/load.ts";

const examples = join(import.meta.dirname, "../../examples");

function* leaves(value: unknown, path: readonly (string | number)[] = []): Generator<[string, unknown]> {
  if (value === null || typeof value !== "object") yield [pointer(...path), value];
  else if (Array.isArray(value)) for (const [i, v] of value.entries()) yield* leaves(v, [...path, i]);
  else for (const [k, v] of Object.entries(value)) yield* leaves(v, [...path, k]);
}

describe.each(readdirSync(examples))("origins of the example %s", (name) => {
  it("lead to the literals", async () => {
    const cwd = join(examples, name);
    const { value, diagnostics } = await loadConfig(undefined, cwd);
    expect(diagnostics).toEqual([]);
    const found: [string, unknown][] = [];
    for (const [p] of leaves(value?.value)) {
      const span = await value?.origins.locate(p);
      const text = readFileSync(join(cwd, span?.file ?? ""), "utf8").slice(
        span?.start.offset,
        span?.end.offset,
      );
      found.push([p, JSON.parse(text)]);
    }
    expect(found).toEqual([...leaves(value?.value)]);
    expect(found.length).toBeGreaterThan(5);
  });

  it("survive pointers that lead nowhere", async () => {
    const { value } = await loadConfig(undefined, join(examples, name));
    for (const p of [
      "",
      "/",
      "//",
      "/~1~0",
      "/trunks/99/x/y",
      "/trunks/-1",
      "/length",
      "/__proto__/x",
      "/trunks/constructor",
      `/${"a/".repeat(500)}`,
    ])
      for (const part of ["key", "value"] as const)
        expect((await value?.origins.locate(p, part))?.file).toBeDefined();
  });
});
