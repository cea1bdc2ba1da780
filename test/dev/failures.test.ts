import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { failures, type TestReport } from "../../src/dev/failures.ts";

/** What a run of the real vitest over these files reports. */
function run(files: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "crew-failures-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "test"));
  const modules = join(packageRoot(), "node_modules");
  symlinkSync(modules, join(root, "node_modules"));
  const head = 'import { beforeAll, describe, expect, test } from "vitest";\n';
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "test", name), head + text);
  const report = join(root, "report.json");
  const args = ["run", "--root", root, "--reporter=json", `--outputFile=${report}`];
  spawnSync(process.execPath, [join(modules, "vitest/vitest.mjs"), ...args], { cwd: root, stdio: "ignore" });
  return failures(JSON.parse(readFileSync(report, "utf8")) as TestReport, root);
}

test("each failed test is one line: file, name, first line of the message", () => {
  const lines = run({
    "a.test.ts": [
      'describe("group", () => {',
      '  test("fails", () => expect(1).toBe(2));',
      '  test("passes", () => {});',
      '  test("says much", () => { throw new Error("\\n\\u001b[31mfirst\\u001b[0m\\nsecond"); });',
      '  test.skip("left out", () => {});',
      "});",
    ].join("\n"),
    "hook.test.ts": 'beforeAll(() => { throw new Error("no engine"); });\ntest("never", () => {});',
    "load.test.ts": 'throw new Error("not loadable");',
    "good.test.ts": 'test("good", () => {});',
  });
  expect([...lines].sort()).toEqual([
    "test/a.test.ts > group > fails: AssertionError: expected 1 to be 2 // Object.is equality",
    "test/a.test.ts > group > left out: did not run (skipped)",
    "test/a.test.ts > group > says much: Error: first",
    expect.stringMatching(/^test\/hook\.test\.ts > never: /),
    "test/hook.test.ts: no engine",
    "test/load.test.ts: not loadable",
  ]);
});

test("a run in which all passed has none", () => {
  expect(run({ "good.test.ts": 'test("good", () => {});' })).toEqual([]);
});
