/** Where an engine line comes from on this host: its Debian suite, unless somebody has named another source. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failed, ok, type Result } from "../core/result.ts";
import { type EngineLine, engineLine } from "../engine/lines.ts";
import { readKeyFile } from "./openpgp.ts";
import { folderProblem } from "./private-root.ts";
import type { AptRepository, RootSpec } from "./root-spec.ts";

/** What was named for a line with `crew engine install`. */
export interface EngineSource {
  /** Debian suite: of the libraries, and of what no repository has. */
  readonly suite: string;
  readonly repositories: readonly AptRepository[];
}

/** The spec of a line's private root, from its own Debian suite where no other source was named. */
export function engineRootSpec(line: EngineLine, source?: EngineSource): RootSpec {
  const { debian, packages, without } = engineLine(line);
  const name = `engine-${line}`;
  if (source === undefined) return { name, suite: debian.suite, packages, without };
  const { suite, repositories } = source;
  return { name, suite, ...(repositories.length > 0 ? { repositories } : {}), packages, without };
}

/** The source that was named for a line, `undefined` where none was. */
export async function namedSource(line: EngineLine, directory: string): Promise<EngineSource | undefined> {
  try {
    const { suite, repositories } = JSON.parse(
      await readFile(recordOf(line, directory), "utf8"),
    ) as EngineSource;
    return { suite, repositories };
  } catch {
    return undefined;
  }
}

/** Remembers the source of a line; its own Debian suite is the default and needs no record. */
export async function nameSource(line: EngineLine, source: EngineSource, directory: string): Promise<void> {
  const record = recordOf(line, directory);
  if (source.repositories.length === 0 && source.suite === engineLine(line).debian.suite)
    return rm(record, { force: true });
  await replaceFile(record, `${JSON.stringify({ version: 1, ...source }, null, 2)}\n`);
}

function recordOf(line: EngineLine, directory: string): string {
  return join(directory, `engine-${line}.source.json`);
}

/**
 * Copies the keys of a file into the engine folder, so that a later refresh needs no file of the user's, and gives the path.
 * A newer file of the same keys (with another expiry, say) replaces the copy. CREW6913 where the file is of no use, and what
 * is wrong with the engine folder.
 */
export async function keepKey(file: string, directory: string): Promise<Result<string>> {
  const { value: keys, diagnostics } = await readKeyFile(file);
  if (keys === undefined) return failed(...diagnostics);
  const unable = await folderProblem(directory);
  if (unable !== undefined) return failed(unable);
  const id = createHash("sha256")
    .update([...keys.fingerprints].sort().join())
    .digest("hex")
    .slice(0, 16);
  const kept = join(directory, "keys", `${id}.gpg`);
  await replaceFile(kept, keys.binary);
  return ok(kept);
}

async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, content);
  await rename(beside, path);
}
