/** Brings what a native program said back to the config property that it is about, and says it as a diagnostic. */
import { readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { LineMap } from "../bundle/line-map.ts";
import type { Diagnostic, DiagnosticCode } from "../core/diagnostic.ts";
import type { JsonPointer } from "../core/pointer.ts";
import type { Position, Span } from "../core/span.ts";
import type { NativePlace, NativeProblem } from "./native-problem.ts";

/** The artifacts of a bundle as the native programs see them. */
export interface Artifacts {
  readonly directory: string;
  /** A second path of the same folder. */
  readonly alias?: string;
  readonly lineMap: LineMap;
  /** Values that no message may show. */
  readonly secrets: readonly string[];
}

/** A stretch of an artifact; lines and columns from 1, columns in UTF-16 code units. */
export interface ArtifactPlace {
  /** Relative to the bundle. */
  readonly path: string;
  readonly line: number;
  readonly column?: number;
  readonly endLine?: number;
  /** Exclusive. */
  readonly endColumn?: number;
}

export interface Finding {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly why?: string;
  readonly help?: string;
  readonly place?: ArtifactPlace;
  /** Lines before the place that may hold the cause, for programs that name the line after it; default 0. */
  readonly slack?: number;
  /** What else the program said. */
  readonly details?: readonly string[];
}

/** The diagnostic for a finding: at the property of its line where the line map has one, with the artifact's place beside it. */
export function diagnose(artifacts: Artifacts, finding: Finding): Diagnostic {
  const { code, place, why, help } = finding;
  const pointer = place === undefined ? undefined : propertyAt(artifacts.lineMap, place, finding.slack ?? 0);
  const span = place === undefined ? undefined : spanOf(artifacts.directory, place);
  const message = redact(finding.message, artifacts.secrets);
  const details = (finding.details ?? []).map((text) => redact(text, artifacts.secrets));
  const said = details.length === 0 ? undefined : `The program also said: ${details.slice(0, 4).join("; ")}.`;
  const reason = [why, said].filter((text) => text !== undefined).join(" ");
  return {
    code,
    severity: "error",
    message,
    ...(reason === "" ? {} : { why: reason }),
    ...(help === undefined ? {} : { help }),
    ...(pointer !== undefined ? { pointer } : span === undefined ? {} : { span }),
    ...(pointer !== undefined && span !== undefined
      ? { related: [{ span, label: "the artifact that the program refused" }] }
      : {}),
  };
}

/** The property of a line, else of one of the `slack` lines above it; the lines of a longer stretch in order. */
export function propertyAt(map: LineMap, place: ArtifactPlace, slack: number): JsonPointer | undefined {
  const lines = map[place.path] ?? [];
  const last = Math.min(place.endLine ?? place.line, lines.length);
  for (let line = place.line; line <= last; line++) {
    const pointer = lines[line - 1];
    if (pointer !== null && pointer !== undefined) return pointer;
  }
  for (let line = place.line - 1; line >= Math.max(1, place.line - slack); line--) {
    const pointer = lines[line - 1];
    if (pointer !== null && pointer !== undefined) return pointer;
  }
  return undefined;
}

/** The artifact that a program's words point to: by its place, by a file that they name, or by the words that they quote. */
export function placeOf(
  artifacts: Artifacts,
  problem: NativeProblem,
  mainFile: string,
): ArtifactPlace | undefined {
  const { place } = problem;
  if (place !== undefined) {
    const path = place.file === undefined ? mainFile : artifactPath(artifacts, place.file);
    return path === undefined ? undefined : { path, ...exclusive(place) };
  }
  for (const file of problem.files) {
    const path = artifactPath(artifacts, file);
    const found =
      path === undefined ? undefined : findWord(artifacts, mainFile, [path.split("/").at(-1) ?? path]);
    if (found !== undefined) return found;
  }
  const folder = mainFile.slice(0, mainFile.indexOf("/") + 1);
  const others = Object.keys(artifacts.lineMap).filter(
    (path) => path !== mainFile && path.startsWith(folder),
  );
  for (const path of [mainFile, ...others]) {
    const found = findWord(artifacts, path, [...problem.quotes, ...problem.files]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function exclusive(place: NativePlace): Omit<ArtifactPlace, "path"> {
  const { line, column, endLine, endColumn } = place;
  return {
    line,
    ...(column === undefined ? {} : { column }),
    ...(endLine === undefined ? {} : { endLine }),
    ...(endColumn === undefined ? {} : { endColumn: endColumn + 1 }),
  };
}

/** The path below the bundle, `undefined` for a file that is not the bundle's. */
function artifactPath(artifacts: Artifacts, file: string): string | undefined {
  for (const directory of [artifacts.directory, artifacts.alias]) {
    if (directory === undefined) continue;
    const path = relative(directory, resolve(directory, file));
    if (!path.startsWith("..") && !isAbsolute(path)) return path;
  }
  return undefined;
}

/** The first line of an artifact that holds one of the words, the first word first. */
export function findWord(
  artifacts: Artifacts,
  path: string,
  words: readonly string[],
): ArtifactPlace | undefined {
  const lines = readLines(artifacts.directory, path);
  for (const word of words) {
    if (word.length < 3) continue;
    for (const [index, text] of lines.entries()) {
      const at = text.trimStart().startsWith("#") && !text.startsWith("#!") ? -1 : text.indexOf(word);
      if (at >= 0) return { path, line: index + 1, column: at + 1, endColumn: at + 1 + word.length };
    }
  }
  return undefined;
}

export function readLines(directory: string, path: string): readonly string[] {
  try {
    return readFileSync(join(directory, path), "utf8").split("\n");
  } catch {
    return [];
  }
}

function spanOf(directory: string, place: ArtifactPlace): Span {
  const lines = readLines(directory, place.path);
  const offset = (line: number): number =>
    lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const position = (line: number, column: number): Position => {
    const inside = Math.max(1, Math.min(column, (lines[line - 1]?.length ?? 0) + 1));
    return { line, column: inside, offset: offset(line) + inside - 1 };
  };
  const { line, column = 1, endLine = line } = place;
  const start = position(line, column);
  const end = position(endLine, place.endColumn ?? (lines[endLine - 1]?.length ?? 0) + 1);
  return { file: shown(join(directory, place.path)), start, end: end.offset < start.offset ? start : end };
}

function shown(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith("..") ? path : below;
}

/** The text with every secret value in it replaced; values shorter than four characters are no secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((clean, secret) => clean.replaceAll(secret, "<secret>"), text);
}
