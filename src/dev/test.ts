/** The whole test of the project: style, types, generated files, tests and what they show; ends with one line that report. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../core/package.ts";
import { failures, type TestReport } from "./failures.ts";

const root = packageRoot();
const resultFile = join(root, "node_modules", ".cache", "crew-tests.json");

function succeeds(title: string, script: string, args: readonly string[]): boolean {
  process.stdout.write(`\n== ${title}\n`);
  const { status } = spawnSync(process.execPath, [join(root, "node_modules", script), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  return status === 0;
}

rmSync(resultFile, { force: true });
const steps = [
  { title: "style", ok: succeeds("style", "@biomejs/biome/bin/biome", ["check"]) },
  { title: "types", ok: succeeds("types", "typescript/lib/tsc.js", ["--noEmit"]) },
  {
    title: "generated files",
    ok: succeeds("generated files", "tsx/dist/cli.mjs", ["src/dev/generate/main.ts", "--check"]),
  },
];
const broken = steps.filter((s) => !s.ok).map((s) => `${s.title}: see above`);
const ran = succeeds("tests", "vitest/vitest.mjs", [
  "run",
  "--reporter=default",
  "--reporter=json",
  "--reporter=./test/acceptance/reporter.ts",
  `--outputFile.json=${resultFile}`,
  ...process.argv.slice(2),
]);
const report = existsSync(resultFile)
  ? (JSON.parse(readFileSync(resultFile, "utf8")) as TestReport)
  : undefined;
const passed = (report?.numPassedTests ?? 0) + steps.length - broken.length;
const failedTests = report === undefined ? 1 : report.numFailedTests + report.numPendingTests;
const failed = Math.max(failedTests, ran ? 0 : 1) + broken.length;
// At the very end, after the tables: of a long log often only the tail is kept.
const told = [...broken, ...(report === undefined ? [] : failures(report, root))];
if (!ran && told.length === broken.length)
  told.push("tests: none of them failed, but their run did; see above");
if (told.length > 0) process.stdout.write(`\nFailed:\n${told.map((line) => `  ✗ ${line}\n`).join("")}`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
