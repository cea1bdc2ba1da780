/** Puts a bundle into its output folder: only what changed, each file in one step, and nothing that is not crew's. */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import {
  type Bundle,
  isBundlePath,
  lineMapFile,
  type Manifest,
  manifestFile,
  modelFile,
  sha256,
} from "./bundle.ts";
import { fileSink } from "./file-sink.ts";
import { makeFolder, refusal } from "./folder.ts";
import { printJson } from "./json.ts";
import { lineMapOf } from "./line-map.ts";

/** What writing did, as paths relative to the output folder, sorted. */
export interface Written {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
}

/** One file of the output folder as it is to be; text comes in pieces where it may be large. */
export interface OutputFile {
  readonly path: string;
  readonly mode: number;
  readonly print: (write: (piece: string) => void) => void;
}

/** Every file of a bundle, artifacts first, the manifest last: it is what makes the others valid. */
export function outputFiles(bundle: Bundle): readonly OutputFile[] {
  const json = (path: string, value: () => unknown): OutputFile => ({
    path,
    mode: 0o644,
    print: (write) => printJson(value(), write),
  });
  return [
    ...bundle.artifacts.map((a) => ({
      path: a.path,
      mode: a.mode,
      print: (write: (piece: string) => void) => write(a.text),
    })),
    json(modelFile, () => bundle.model),
    json(lineMapFile, () => lineMapOf(bundle.artifacts)),
    json(manifestFile, () => bundle.manifest),
  ];
}

/**
 * Writes the bundle. New files are made complete beside the folder's content and renamed into place, the manifest
 * last; files of an older bundle that this one does not have are removed after that.
 *
 * @returns a diagnostic instead where a file of that name is there that crew did not write, or where the folder cannot be
 * written.
 */
export function writeBundle(bundle: Bundle, directory: string): Written | Diagnostic {
  try {
    return writeInto(bundle, directory);
  } catch (error) {
    const reason = refusal(error);
    if (reason === undefined) throw error;
    return unwritable(directory, reason);
  }
}

function writeInto(bundle: Bundle, directory: string): Written | Diagnostic {
  const old = oldManifest(directory);
  const owned = new Set(old?.artifacts.map((a) => a.path));
  makeFolder(directory);
  const staging = mkdtempSync(join(directory, ".crew-"));
  try {
    const stage = stageFiles(bundle, directory, staging);
    const foreign = stage.changed.find(
      (f) => !owned.has(f.path) && isForeign(f.path, directory, old !== undefined),
    );
    if (foreign !== undefined) return foreignFile(foreign.path);
    for (const file of stage.changed) {
      const place = join(directory, file.path);
      mkdirSync(dirname(place), { recursive: true });
      renameSync(file.staged, place);
    }
    const kept = new Set(bundle.artifacts.map((a) => a.path));
    const removed = [...owned].filter((path) => !kept.has(path)).sort();
    for (const path of removed) removeFile(directory, path);
    return { written: stage.changed.map((f) => f.path), unchanged: stage.unchanged, removed };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function stageFiles(bundle: Bundle, directory: string, staging: string) {
  const changed: { readonly path: string; readonly staged: string }[] = [];
  const unchanged: string[] = [];
  const hashes = new Map(bundle.manifest.artifacts.map((a) => [a.path, a.sha256]));
  for (const [index, file] of outputFiles(bundle).entries()) {
    const place = join(directory, file.path);
    const hash = hashes.get(file.path);
    if (hash !== undefined && existsSync(place) && sha256(readFileSync(place)) === hash) {
      if ((statSync(place).mode & 0o777) !== file.mode) chmodSync(place, file.mode);
      unchanged.push(file.path);
      continue;
    }
    const staged = join(staging, String(index));
    printFile(file, staged);
    if (hash === undefined && sameContent(staged, place)) unchanged.push(file.path);
    else changed.push({ path: file.path, staged });
  }
  return { changed, unchanged };
}

function printFile(file: OutputFile, path: string): void {
  const handle = openSync(path, "w", file.mode);
  try {
    const sink = fileSink(handle);
    file.print(sink.write);
    sink.end();
  } finally {
    closeSync(handle);
  }
  chmodSync(path, file.mode);
}

function sameContent(a: string, b: string): boolean {
  return existsSync(b) && statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b));
}

/** A file in our way that no manifest claims; the bundle's own three are claimed by any manifest. */
function isForeign(path: string, directory: string, hasManifest: boolean): boolean {
  return existsSync(join(directory, path)) && !(hasManifest && !isBundlePath(path));
}

function removeFile(directory: string, path: string): void {
  rmSync(join(directory, path), { force: true });
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    try {
      rmdirSync(join(directory, folder));
    } catch {
      return;
    }
  }
}

/** The manifest of the folder's present bundle; none where it cannot be read, so that nothing is removed on its word. */
export function oldManifest(directory: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, manifestFile), "utf8")) as Manifest;
    if (manifest.manifest_version !== 1 || !Array.isArray(manifest.artifacts)) return undefined;
    return manifest.artifacts.every((a) => typeof a.path === "string" && isBundlePath(a.path))
      ? manifest
      : undefined;
  } catch {
    return undefined;
  }
}

function unwritable(directory: string, reason: string): Diagnostic {
  return {
    code: "CREW1306",
    severity: "error",
    message: `The output folder ${directory} cannot be written: ${reason}.`,
    help: "Name another folder with --out, or make room for this one.",
  };
}

function foreignFile(path: string): Diagnostic {
  return {
    code: "CREW1301",
    severity: "error",
    message: `The file ${path} is already in the output folder and was not written by crew.`,
    why: "A build replaces its own files only, so that a wrong --out cannot destroy somebody else's.",
    help: "Choose an empty folder with --out, or move that file away.",
  };
}

/** The text of a small file of the bundle, for comparing. */
export function outputText(file: OutputFile): string {
  const pieces: string[] = [];
  file.print((piece) => pieces.push(piece));
  return pieces.join("");
}
