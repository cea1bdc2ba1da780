/** Runs the broken configs of test/cases/broken; `UPDATE=1` writes what they give into the cases, for review. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../src/cli/pipeline.ts";
import { resolveSpans } from "../../src/cli/reporters/located.ts";

const cases = join(import.meta.dirname, "../cases/broken");
const folder = mkdtempSync(join(tmpdir(), "crew-broken-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sections of a case: what follows each `-- name --`. */
function sections(text: string): Map<string, string> {
  const parts = text.split(/^-- (\S+) --\n/m).slice(1);
  return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? ""] as const] : [])));
}

async function diagnose(files: ReadonlyMap<string, string>): Promise<string> {
  const own = mkdtempSync(join(folder, "case-"));
  for (const [name, text] of files) if (name !== "diagnostics") writeFileSync(join(own, name), text);
  const { diagnostics, loaded } = await compile(undefined, { cwd: own });
  const placed = await resolveSpans(diagnostics, loaded?.origins);
  return placed
    .map((d) => `${d.severity} ${d.code} ${d.span?.file}:${d.span?.start.line}:${d.span?.start.column}\n`)
    .join("");
}

const names = readdirSync(cases).sort();

describe("broken configs", () => {
  it("are at least forty", () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  it.each(names)("%s gives exactly its diagnostics", async (name) => {
    const text = readFileSync(join(cases, name), "utf8");
    const files = sections(text);
    const found = await diagnose(files);
    if (process.env.UPDATE === "1")
      writeFileSync(
        join(cases, name),
        text.replace(/(?<=^-- diagnostics --\n)[\s\S]*/m, () => found),
      );
    else expect(found).toBe(files.get("diagnostics"));
    expect(found).not.toBe("");
  });
});
