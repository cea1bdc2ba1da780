/** From a line of an artifact back to the config property that it comes from. */
import type { JsonPointer } from "../core/pointer.ts";
import type { Artifact } from "../targets/target.ts";

/** Artifact path → for each line (index 0 is line 1) the pointer of its config property, or null. */
export type LineMap = Readonly<Record<string, readonly (JsonPointer | null)[]>>;

export function lineMapOf(artifacts: readonly Artifact[]): LineMap {
  return Object.fromEntries(artifacts.map((a) => [a.path, a.lines.map((line) => line ?? null)]));
}

/** The config property of a line (1-based), or of the nearest line above it that has one. */
export function propertyOfLine(map: LineMap, path: string, line: number): JsonPointer | undefined {
  const lines = map[path] ?? [];
  for (let i = Math.min(line, lines.length) - 1; i >= 0; i--) {
    const found = lines[i];
    if (found !== null && found !== undefined) return found;
  }
  return undefined;
}
