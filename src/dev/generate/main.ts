/** Writes everything that is generated from the schema; with `--check` says instead what is stale. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../core/package.ts";
import { generatedFiles } from "./files.ts";

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, text] of generatedFiles()) {
  const place = join(packageRoot(), path);
  if (existsSync(place) && readFileSync(place, "utf8") === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
}
if (stale.length === 0) process.stdout.write("Generated files are up to date.\n");
else if (check)
  process.stderr.write(`Stale: ${stale.join(", ")}. Run 'npm run gen' and commit the result.\n`);
else process.stdout.write(`Wrote ${stale.join(", ")}.\n`);
process.exitCode = check && stale.length > 0 ? 1 : 0;
