/** `npx crew` in a clone, from the sources, as the README names it. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, packageVersion } from "../../src/core/package.ts";

const root = packageRoot();
const run = (cwd: string, command: string, ...args: string[]) =>
  spawnSync(command, args, { cwd, encoding: "utf8" });

test("a clone has npx crew, which reads the config of the folder that it is called in", () => {
  const prepared = run(root, process.execPath, join(root, "src/dev/link.mjs"));
  expect(prepared.stderr).toBe("");
  expect(run(root, "npx", "crew", "--version").stdout.trim()).toBe(packageVersion());
  const checked = run(join(root, "examples/quickstart"), "npx", "crew", "check");
  expect(checked.stdout).toContain("crew.config.ts: no errors");
});
