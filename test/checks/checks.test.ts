import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checks, runChecks } from "../../src/checks/index.ts";
import { parseConfig } from "../../src/model/parse.ts";

const folder = join(import.meta.dirname, "../../src/checks");

function codesOf(sample: string): string[] {
  const parsed = parseConfig(JSON.parse(sample));
  const found = parsed.value === undefined ? [] : runChecks(parsed.value);
  return [...parsed.diagnostics, ...found].map((d) => d.code);
}

describe("the registry of checks", () => {
  it("holds every check of the folder", () => {
    const files = readdirSync(folder).filter((f) =>
      /^export const check = /m.test(readFileSync(join(folder, f), "utf8")),
    );
    const imported = readFileSync(join(folder, "index.ts"), "utf8").matchAll(/from "\.\/([^"]+)";/g);
    expect([...imported].map((m) => m[1]).filter((f) => f !== "check.ts")).toEqual(files.sort());
    expect(checks).toHaveLength(files.length);
  });

  it("leaves its codes to the checks alone", () => {
    const sources = join(folder, "..");
    const others = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
      (f) => f.endsWith(".ts") && !f.startsWith("checks/") && !f.endsWith(".generated.ts"),
    );
    const used = new Set(
      others.flatMap((f) =>
        [...readFileSync(join(sources, f), "utf8").matchAll(/"(CREW[0-9]{4})"/g)].map((m) => m[1]),
      ),
    );
    expect(used.size).toBeGreaterThan(0);
    expect(checks.map((c) => c.code).filter((code) => used.has(code))).toEqual([]);
  });

  it("gives each check a code and a name of its own", () => {
    expect(new Set(checks.map((c) => c.code)).size).toBe(checks.length);
    expect(new Set(checks.map((c) => c.name)).size).toBe(checks.length);
    for (const check of checks) expect(check.name).toMatch(/^(no|use)[A-Z][A-Za-z]+$/);
  });
});

describe.each(checks.map((check) => [check.code, check] as const))("%s", (code, check) => {
  it("is what its bad sample gives, once", () => {
    expect(codesOf(check.bad)).toEqual([code]);
  });

  it("is not what its good sample gives, nor is anything else", () => {
    expect(codesOf(check.good)).toEqual([]);
  });

  it("reports sentences", () => {
    const model = parseConfig(JSON.parse(check.bad)).value;
    for (const d of model === undefined ? [] : runChecks(model)) {
      expect(d.message).toMatch(/^['A-Z0-9].*\.$/s);
      expect(d.help).toMatch(/[.?]$/);
    }
    expect(check.summary).toMatch(/\.$/);
    expect(check.why).toMatch(/\.$/);
  });
});
