/** Whether the routes of a list can meet at all: several stages ask, and for most long lists a quick look tells. */
import type { MatchModel, RouteModel } from "./model.ts";

const known = new WeakMap<readonly RouteModel[], boolean>();

/** Whether every route has an exact condition, a number or a user part, that no other has. */
export function haveDistinctKeys(routes: readonly RouteModel[]): boolean {
  let distinct = known.get(routes);
  if (distinct === undefined) {
    distinct = ascend(routes) || differ(routes);
    known.set(routes, distinct);
  }
  return distinct;
}

/** Lists of numbers are mostly sorted, and then need no look-ups. */
function ascend(routes: readonly RouteModel[]): boolean {
  let last = "";
  for (const { match } of routes) {
    const key = keyOf(match);
    if (key === undefined || key <= last) return false;
    last = key;
  }
  return true;
}

function differ(routes: readonly RouteModel[]): boolean {
  const seen = new Set<string>();
  for (const { match } of routes) {
    const key = keyOf(match);
    if (key === undefined || seen.size === seen.add(key).size) return false;
  }
  return true;
}

/** The one exact condition; a user part that reads as a number is the same key as that number. */
function keyOf({ to_user, to_number }: MatchModel): string | undefined {
  if (to_user === undefined) return to_number;
  return to_number === undefined ? to_user : undefined;
}
