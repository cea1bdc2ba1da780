/** The artifacts of one build, sorted, with a manifest that pins every byte. */
import type { EngineLine, Model } from "../model/model.ts";
import type { Artifact, ReloadClass } from "../targets/target.ts";

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
