/** Which of several sources made a value: the one that has it, else the only one that can. */
import { type Found, type Source, type Stretch, same, type Tracer, unknown } from "./source.ts";

/** At most so many entries of a list are compared with the value. */
const comparedEntries = 5000;

/** `undefined` where more than one could have made the value, or none. */
export function chosen(
  tracer: Tracer,
  candidates: readonly Source[],
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found | undefined {
  const equal = actual === unknown ? undefined : candidates.find((s) => same(tracer.evaluate(s), actual));
  if (equal !== undefined) return tracer.walk(equal, path, actual, name);
  const possible = candidates
    .map((s) => ({ found: tracer.walk(s, path, actual, name), value: tracer.evaluate(s) }))
    .filter(({ found, value }) => found.mismatch !== true && (value === unknown || actual === unknown))
    .map(({ found }) => found);
  const least = Math.min(...possible.map((f) => f.rest.length));
  const best = possible.filter((f) => f.rest.length === least);
  return best.length === 1 ? best[0] : undefined;
}

/** The first entry of a filtered or sorted list that has the value. */
export function firstMatch(
  tracer: Tracer,
  items: readonly Source[],
  path: readonly string[],
  actual: unknown,
): Found | undefined {
  if (actual === unknown) return undefined;
  const item = items.slice(0, comparedEntries).find((s) => same(tracer.evaluate(s), actual));
  return item === undefined ? undefined : tracer.walk(item, path, actual);
}
