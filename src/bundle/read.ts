/** Reads a bundle back from its folder and proves that no byte of it changed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { Model } from "../model/model.ts";
import type { Artifact } from "../targets/target.ts";
import { type Bundle, bundleHash, lineMapFile, manifestFile, modelFile, sha256 } from "./bundle.ts";
import type { LineMap } from "./line-map.ts";
import { oldManifest } from "./write.ts";

/**
 * Reads a bundle. Diagnostics: CREW1302 where there is none, CREW1303 where files are missing or their bytes are not
 * those that the manifest names.
 */
export function readBundle(directory: string): Result<Bundle> {
  const manifest = oldManifest(directory);
  if (manifest === undefined) return failed(noBundle(directory));
  const damaged: string[] = [];
  const lineMap = readJson<LineMap>(join(directory, lineMapFile)) ?? {};
  const artifacts = manifest.artifacts.map((entry): Artifact => {
    const place = join(directory, entry.path);
    const bytes = existsSync(place) ? readFileSync(place) : undefined;
    if (bytes === undefined || sha256(bytes) !== entry.sha256) damaged.push(entry.path);
    return {
      path: entry.path,
      mode: Number.parseInt(entry.mode, 8),
      text: bytes?.toString("utf8") ?? "",
      lines: (lineMap[entry.path] ?? []).map((pointer) => pointer ?? undefined),
      reload: entry.reload,
    };
  });
  if (bundleHash(manifest.artifacts) !== manifest.bundle) damaged.push(manifestFile);
  const model = readJson<Model>(join(directory, modelFile));
  if (model === undefined || model.model_version !== 1) damaged.push(modelFile);
  if (damaged.length > 0 || model === undefined) return failed(damagedBundle(directory, damaged));
  return ok({ manifest, artifacts, model });
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

function noBundle(directory: string): Diagnostic {
  return {
    code: "CREW1302",
    severity: "error",
    message: `There is no bundle in ${directory}.`,
    why: "A bundle is a folder with a manifest.json that crew build wrote.",
    help: "Run crew build first, or name the folder that it wrote to with --out.",
  };
}

function damagedBundle(directory: string, paths: readonly string[]): Diagnostic {
  return {
    code: "CREW1303",
    severity: "error",
    message: `The bundle in ${directory} was changed after it was built: ${paths.join(", ")}.`,
    why: "Only what was compiled and checked may run; files that were edited by hand are neither.",
    help: "Change the config instead and run crew build again.",
  };
}
