/** The whole test of the project: style, types, generated files, tests and what they show; ends with one line that counts. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../core/package.ts";

const root = packageRoot();
const resultFile = join(root, "node_modules", ".cache", "crew-tests.json");

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
}

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
  succeeds("style", "@biomejs/biome/bin/biome", ["check"]),
  succeeds("types", "typescript/lib/tsc.js", ["--noEmit"]),
  succeeds("generated files", "tsx/dist/cli.mjs", ["src/dev/generate/main.ts", "--check"]),
];
const ran = succeeds("tests", "vitest/vitest.mjs", [
  "run",
  "--reporter=default",
  "--reporter=json",
  "--reporter=./test/acceptance/reporter.ts",
  `--outputFile.json=${resultFile}`,
  ...process.argv.slice(2),
]);
const counts = existsSync(resultFile) ? (JSON.parse(readFileSync(resultFile, "utf8")) as Counts) : undefined;
const passed = (counts?.numPassedTests ?? 0) + steps.filter((ok) => ok).length;
const failedTests = counts === undefined ? 1 : counts.numFailedTests + counts.numPendingTests;
const failed = Math.max(failedTests, ran ? 0 : 1) + steps.filter((ok) => !ok).length;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
