/** The examples and what they compile to. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../src/cli/pipeline.ts";
import { packageRoot } from "../../src/core/package.ts";
import type { EngineLine } from "../../src/model/model.ts";

const root = join(packageRoot(), "examples");

/** Names of all examples: the folders of `examples/`. */
export const examples: readonly string[] = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

/** The folder of an example. */
export function exampleFolder(name: string): string {
  return join(root, name);
}

/** Compiles an example in its own folder, as a user would. */
export function compileExample(name: string, engine?: EngineLine) {
  return compile(undefined, { cwd: exampleFolder(name) }, { engine });
}
