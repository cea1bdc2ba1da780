/** Diagnostics with their places found, in an order that does not depend on who reported first. */
import type { Diagnostic, Place } from "../../core/diagnostic.ts";
import { byCodePoint } from "../../core/order.ts";
import type { Origins } from "../../core/origins.ts";

/** At most so many places are looked up; what comes after keeps its pointer. */
const lookedUp = 1000;

/** Fills in `span` where `origins` knows it, related places included, and sorts by file, line and column. */
export async function resolveSpans(
  diagnostics: readonly Diagnostic[],
  origins: Origins | undefined,
): Promise<readonly Diagnostic[]> {
  const resolved: Diagnostic[] = [];
  for (const [i, diagnostic] of diagnostics.entries())
    resolved.push(i < lookedUp && origins !== undefined ? await withSpans(diagnostic, origins) : diagnostic);
  return sorted(resolved);
}

async function withSpans(diagnostic: Diagnostic, origins: Origins): Promise<Diagnostic> {
  const placed = await place(diagnostic, origins);
  if (placed.related === undefined) return placed;
  return { ...placed, related: await Promise.all(placed.related.map((r) => place(r, origins))) };
}

async function place<T extends Place>(at: T, origins: Origins): Promise<T> {
  if (at.span !== undefined || at.pointer === undefined) return at;
  const span = await origins.locate(at.pointer, at.part);
  return span === undefined ? at : { ...at, span };
}

/** Those without a place come first, since they concern the whole; the order of equals is kept. */
function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      byCodePoint(a.span?.file ?? "", b.span?.file ?? "") ||
      (a.span?.start.offset ?? -1) - (b.span?.start.offset ?? -1) ||
      (a.span === undefined ? 0 : byCodePoint(a.code, b.code)),
  );
}
