/** Makes `npx crew` work in a clone: npm links the programs of a project's dependencies, not the project's own. */
import { existsSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "node_modules");

// Without the packages for development the sources do not run.
if (existsSync(join(modules, "tsx"))) {
  const link = join(modules, ".bin", "crew");
  const fresh = `${link}-${process.pid}`;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync("../../src/dev/crew.mjs", fresh);
  renameSync(fresh, link);
}
