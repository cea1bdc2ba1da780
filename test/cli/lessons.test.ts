import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { lessons } from "../../src/cli/lessons.ts";
import { compile } from "../../src/cli/pipeline.ts";
import { crew } from "./crew.ts";

const folder = mkdtempSync(join(tmpdir(), "crew-lessons-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function codesOf(sample: string): Promise<string[]> {
  writeFileSync(join(folder, "crew.config.ts"), sample);
  return (await compile(undefined, { cwd: folder })).diagnostics.map((d) => d.code);
}

describe.each(Object.entries(lessons))("%s", (code, lesson) => {
  test("is what its wrong sample gives, once, and its right sample gives nothing", async () => {
    expect(await codesOf(lesson.bad)).toEqual([code]);
    expect(await codesOf(lesson.good)).toEqual([]);
  });

  test("is a page with the sentences, the samples and what to do", async () => {
    const { code: exit, stdout } = await crew(folder, ["explain", code]);
    expect(exit).toBe(0);
    for (const part of [lesson.summary, lesson.why, "It says:", "Wrong:", "Right:"])
      expect(stdout).toContain(part);
    const changed = lesson.good.split("\n").filter((line) => !lesson.bad.includes(line));
    expect(changed.length).toBeGreaterThan(0);
    for (const line of changed) expect(stdout).toContain(line);
  });
});
