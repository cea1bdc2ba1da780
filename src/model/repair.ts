/**
 * Leaves out the parts of a draft that have the wrong shape, so that problems of meaning in the rest are reported in the
 * same run. What it returns is only good for finding problems, never for building.
 */
import { type JsonPointer, join, pointer, segments } from "../core/pointer.ts";

export interface Repaired {
  readonly draft: unknown;
  /** From a pointer into the repaired draft to one into the original: list positions move when an entry is left out. */
  readonly locate: (p: JsonPointer) => JsonPointer;
}

/** Paths of what to leave out; a path into a route takes the whole route, since a rule without its condition means another thing. */
export function leaveOut(draft: unknown, faults: readonly (readonly PropertyKey[])[]): Repaired {
  const dropped = new Set(
    faults.map((path) => pointer(...wholeRoute(path).map((s) => (typeof s === "number" ? s : String(s))))),
  );
  const kept = new Map<JsonPointer, readonly number[]>();
  const copy = (value: unknown, from: JsonPointer, to: JsonPointer): unknown => {
    if (!touches(dropped, from) || value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) {
      const indexes = [...value.keys()].filter((i) => !dropped.has(join(from, i)));
      kept.set(to, indexes);
      return indexes.map((index, i) => copy(value[index], join(from, index), join(to, i)));
    }
    const entries = Object.entries(value).filter(([key]) => !dropped.has(join(from, key)));
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, copy(inner, join(from, key), join(to, key))]),
    );
  };
  return { draft: copy(draft, "", ""), locate: (p) => locateIn(kept, p) };
}

/** Whether anything at or below a place is left out: most of a large draft is not, and is shared instead of copied. */
function touches(dropped: ReadonlySet<JsonPointer>, place: JsonPointer): boolean {
  for (const p of dropped) if (p === place || p.startsWith(`${place}/`)) return true;
  return false;
}

function wholeRoute(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const i = path.findIndex((segment) => segment === "inbound_routes" || segment === "outbound_routes");
  return i >= 0 && typeof path[i + 1] === "number" ? path.slice(0, i + 2) : path;
}

function locateIn(kept: ReadonlyMap<JsonPointer, readonly number[]>, p: JsonPointer): JsonPointer {
  let repaired = "";
  let original = "";
  for (const segment of segments(p)) {
    const indexes = kept.get(repaired);
    original = join(original, indexes === undefined ? segment : (indexes[Number(segment)] ?? segment));
    repaired = join(repaired, segment);
  }
  return original;
}
