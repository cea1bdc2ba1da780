/** The artifacts of one build, sorted, with a manifest that pins every byte. */
import { createHash } from "node:crypto";
import type { Diagnostic } from "../core/diagnostic.ts";
import { hasErrors } from "../core/diagnostic.ts";
import { sortedBy } from "../core/order.ts";
import type { Result } from "../core/result.ts";
import type { EngineLine, Model } from "../model/model.ts";
import type { AnyTarget, Artifact, ReloadClass } from "../targets/target.ts";

export interface ManifestEntry {
  readonly path: string;
  /** File mode as octal text, for example `"0644"`. */
  readonly mode: string;
  /** Hex SHA-256 of the bytes. */
  readonly sha256: string;
  readonly reload: ReloadClass;
}

/** `manifest.json` of a bundle: no time, host or path of the machine that built it. */
export interface Manifest {
  readonly manifest_version: 1;
  readonly crew_version: string;
  readonly edge: string;
  readonly engine: EngineLine;
  /** Sorted by path. */
  readonly artifacts: readonly ManifestEntry[];
  /** Hex SHA-256 over the entries: the identity of the bundle. */
  readonly bundle: string;
}

/**
 * On disk: every artifact at its path, `manifest.json`, and outside the hash `model.json` and `line-map.json`
 * (artifact path → for each line the JSON pointer of its config property, or null).
 */
export interface Bundle {
  readonly manifest: Manifest;
  /** Sorted by path. */
  readonly artifacts: readonly Artifact[];
  readonly model: Model;
}

/** The files of a bundle that are no artifacts. */
export const manifestFile = "manifest.json";
export const modelFile = "model.json";
export const lineMapFile = "line-map.json";

/** Hex SHA-256 of text as UTF-8, or of bytes. */
export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The identity of a bundle: the hash over its entries. */
export function bundleHash(entries: readonly ManifestEntry[]): string {
  return sha256(entries.map((e) => `${e.sha256} ${e.mode} ${e.reload} ${e.path}\n`).join(""));
}

/**
 * Runs every target over the Model. All diagnostics of all targets come back; a value only where none is an error.
 * The same Model and version give the same bytes.
 */
export function buildBundle(
  model: Model,
  targets: readonly AnyTarget[],
  crewVersion: string,
): Result<Bundle> {
  const diagnostics: Diagnostic[] = [];
  const emitted: Artifact[] = [];
  for (const target of targets) {
    const built = target.build(model);
    diagnostics.push(...built.diagnostics);
    emitted.push(...built.artifacts);
  }
  if (hasErrors(diagnostics)) return { diagnostics };
  const artifacts = sortedBy(emitted, (a) => a.path);
  refuseMalformed(artifacts);
  const entries = artifacts.map(entryOf);
  const manifest: Manifest = {
    manifest_version: 1,
    crew_version: crewVersion,
    edge: model.edge.name,
    engine: model.edge.engine,
    artifacts: entries,
    bundle: bundleHash(entries),
  };
  return { value: { manifest, artifacts, model }, diagnostics };
}

function entryOf(artifact: Artifact): ManifestEntry {
  return {
    path: artifact.path,
    mode: artifact.mode.toString(8).padStart(4, "0"),
    sha256: sha256(artifact.text),
    reload: artifact.reload,
  };
}

/** What no target may emit, whatever the config says: reaching it is a bug of the target. */
function refuseMalformed(artifacts: readonly Artifact[]): void {
  let last: string | undefined;
  for (const { path, text } of artifacts) {
    if (!isBundlePath(path))
      throw new Error(`artifact path ${JSON.stringify(path)} leaves the output folder`);
    if (path === last) throw new Error(`two targets emit ${path}`);
    if (!text.endsWith("\n")) throw new Error(`artifact ${path} does not end in a newline`);
    last = path;
  }
}

/** Whether a path stays inside the output folder and takes no name that the bundle itself needs. */
export function isBundlePath(path: string): boolean {
  if (path === manifestFile || path === modelFile || path === lineMapFile) return false;
  return path.split("/").every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part));
}
