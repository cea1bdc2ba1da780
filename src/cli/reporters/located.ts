/** Diagnostics with their places found, in an order that does not depend on who reported first. */
import type { Diagnostic, Place } from "../../core/diagnostic.ts";
import { byCodePoint } from "../../core/order.ts";
import type { Origins } from "../../core/origins.ts";

/** Of a flood only so many places are looked up, of each code and in all; what comes after keeps its pointer. */
const lookedUp = { perCode: 100, inAll: 1000 } as const;

/** Fills in `span` where `origins` knows it, related places included, and sorts by file, line and column. */
export async function resolveSpans(
  diagnostics: readonly Diagnostic[],
  origins: Origins | undefined,
): Promise<readonly Diagnostic[]> {
  if (origins === undefined) return sorted(diagnostics);
  const counts = new Map<string, number>();
  const resolved: Diagnostic[] = [];
  let inAll = 0;
  for (const diagnostic of diagnostics) {
    const count = counts.get(diagnostic.code) ?? 0;
    counts.set(diagnostic.code, count + 1);
    const looksUp = inAll < lookedUp.inAll && count < lookedUp.perCode;
    if (looksUp) inAll++;
    resolved.push(looksUp ? await withSpans(diagnostic, origins) : diagnostic);
  }
  return sorted(resolved);
}

async function withSpans(diagnostic: Diagnostic, origins: Origins): Promise<Diagnostic> {
  const placed = await place(diagnostic, origins);
  if (placed.related === undefined) return placed;
  const related = await Promise.all(placed.related.map((r) => place(r, origins)));
  return { ...placed, related: related.filter((r) => r.pointer !== placed.pointer || !sameSpan(r, placed)) };
}

/** Where a value is used and where it is written are mostly one place. */
function sameSpan(a: Place, b: Place): boolean {
  const key = ({ span }: Place) => `${span?.file} ${span?.start.offset} ${span?.end.offset}`;
  return key(a) === key(b);
}

async function place<T extends Place>(at: T, origins: Origins): Promise<T> {
  if (at.span !== undefined || at.pointer === undefined) return at;
  const span = await origins.locate(at.pointer, at.part);
  return span === undefined ? at : { ...at, span };
}

/** What concerns the whole comes first, what was not looked up last; the order of equals is kept. */
function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      byCodePoint(a.span?.file ?? "", b.span?.file ?? "") ||
      (a.span?.start.offset ?? 0) - (b.span?.start.offset ?? 0) ||
      (a.span === undefined ? 0 : byCodePoint(a.code, b.code)),
  );
}

function rank({ span, pointer }: Place): number {
  if (span !== undefined) return 1;
  return pointer === undefined ? 0 : 2;
}
