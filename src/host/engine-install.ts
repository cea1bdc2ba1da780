/** Installs an engine line into a private root. */
import type { Result } from "../core/result.ts";
import type { EngineLine } from "../engine/lines.ts";
import { chooseEngine } from "./engine-choice.ts";
import { type EngineSource, engineRootSpec, namedSource, nameSource } from "./engine-source.ts";
import { type EnsureRootOptions, ensureRoot, findRoot } from "./private-root.ts";
import type { PrivateRoot } from "./root-spec.ts";

export interface InstalledEngine {
  readonly root: PrivateRoot;
  /** False where exactly these packages were there already. */
  readonly changed: boolean;
}

/**
 * Installs a line from the given source, which becomes the line's source on this host, or without one from that which was
 * named before, else from the line's Debian suite. What cannot be installed leaves everything as it was. CREW69xx.
 */
export async function installEngine(
  line: EngineLine,
  source: EngineSource | undefined,
  options: Omit<EnsureRootOptions, "choose">,
): Promise<Result<InstalledEngine>> {
  const before = await namedSource(line, options.directory);
  const spec = engineRootSpec(line, source ?? before);
  const old = await findRoot(spec, options.directory);
  const made = await ensureRoot(spec, {
    ...options,
    choose: (candidates) => chooseEngine(line, spec.packages, candidates),
  });
  const root = made.value;
  if (root === undefined) return { diagnostics: made.diagnostics };
  if (source !== undefined) await nameSource(line, source, options.directory);
  const hashes = (r: PrivateRoot | undefined): string | undefined =>
    r?.manifest.packages.map((p) => p.sha256).join();
  return { value: { root, changed: hashes(old) !== hashes(root) }, diagnostics: made.diagnostics };
}
