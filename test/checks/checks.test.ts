import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checks, runChecks, runChecksBeside } from "../../src/checks/index.ts";
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

/** A trunk with a fault of its own: of meaning (no such country), or of the shape (no such property). */
const faulty = {
  CREW2109: {
    crew_id: "other",
    country: "XX",
    sip: { auth: { type: "digest", username: "x", password: { secret: "X" } } },
  },
  CREW2001: {
    crew_id: "other",
    colour: "red",
    sip: { auth: { type: "digest", username: "x", password: { secret: "X" } } },
  },
};

/** The codes for a sample with another trunk beside its own. */
function codesBeside(sample: string, other: object): string[] {
  const draft = JSON.parse(sample);
  if (Array.isArray(draft)) draft.push(other);
  else if ("trunks" in draft) draft.trunks.push(other);
  const { diagnostics, incomplete } = parseConfig(
    Array.isArray(draft) || "trunks" in draft ? draft : [draft, other],
  );
  const found = incomplete === undefined ? [] : runChecksBeside(incomplete);
  return [...diagnostics, ...found].map((d) => d.code);
}

const beside = checks.flatMap((check) => ("beside" in check ? [[check.code, check] as const] : []));
describe.each(beside)("%s beside a fault elsewhere", (code, check) => {
  it.each(Object.entries(faulty))(
    "%s is still found, and nothing is found that is not there",
    (fault, trunk) => {
      expect(codesBeside(check.bad, trunk)).toEqual([fault, code]);
      expect(codesBeside(check.good, trunk)).toEqual([fault]);
    },
  );
});
