/** Downloads packages and believes only their hashes. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { RootPackage } from "./root-spec.ts";

/** Downloads, then compares every file with the index; what differs is thrown away and fetched once more. */
export async function fetchChecked(
  packages: readonly RootPackage[],
  archives: string,
  download: () => Promise<Result<true>>,
): Promise<Result<true>> {
  for (let attempt = 0; ; attempt++) {
    // files of an earlier, interrupted run are judged before apt, which looks at their size alone, trusts them
    for (const file of await differing(packages, archives)) await rm(join(archives, file), { force: true });
    const result = await download();
    if (!result.value) return result;
    const bad = await differing(packages, archives);
    if (bad.length === 0) return ok(true);
    if (attempt === 1) return failed(wrongHash(bad));
  }
}

/** Files that are missing or do not have the hash that the signed index names. */
async function differing(packages: readonly RootPackage[], archives: string): Promise<string[]> {
  const bad: string[] = [];
  for (const p of packages) {
    const actual = await sha256(join(archives, p.file)).catch(() => undefined);
    if (actual !== p.sha256) bad.push(p.file);
  }
  return bad;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function wrongHash(files: readonly string[]): Diagnostic {
  return {
    code: "CREW6907",
    severity: "error",
    message: `Downloaded twice and still not what the signed index names: ${files.slice(0, 3).join(", ")}${files.length > 3 ? " …" : ""}`,
    why: "The files were damaged or changed after apt had checked them; they have not been unpacked.",
    help: "Check the disk and who else writes to the engine folder, then run the same command again.",
  };
}
