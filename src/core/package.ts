/** Where the package lies, in its sources (`src/`) and when built (`lib/`), and which version it is. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let root: string | undefined;
let version: string | undefined;

/** The folder of crew's own package.json: `templates/` and `schemas/` lie in it. */
export function packageRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const up = dirname(folder);
    if (up === folder)
      throw new Error("the files of the crew package are incomplete: package.json is missing");
    folder = up;
  }
  root = folder;
  return root;
}

/** The version of crew, as in its package.json. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string })
    .version;
  return version;
}
