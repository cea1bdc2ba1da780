/** Which route of a trunk takes all the calls of a later one, found by look-ups instead of comparing all pairs. */
import { haveDistinctKeys } from "../model/distinct.ts";
import type { MatchModel, RouteModel, TrunkModel } from "../model/model.ts";

export interface Cover {
  readonly route: RouteModel;
  /** The first route before it whose conditions all hold whenever its own do. */
  readonly by: RouteModel;
  /** Both have the very same conditions. */
  readonly same: boolean;
}

const known = new WeakMap<TrunkModel, readonly Cover[]>();

/** The routes of a trunk that never get a call. Linear in the number of routes. */
export function covers(trunk: TrunkModel): readonly Cover[] {
  const held = known.get(trunk);
  if (held !== undefined) return held;
  // Where no two have the same number or user part, none covers another, whatever else they ask for.
  const found = haveDistinctKeys(trunk.routes) ? [] : search(trunk.routes);
  known.set(trunk, found);
  return found;
}

function search(routes: readonly RouteModel[]): readonly Cover[] {
  const groups: Groups = new Map();
  const callerLengths = new Set<number>();
  const found: Cover[] = [];
  for (const route of routes) {
    const by = covering(groups, callerLengths, route.match);
    if (by !== undefined) found.push({ route, by, same: sameConditions(route.match, by.match) });
    add(groups, route);
    if (route.match.caller_prefix !== undefined) callerLengths.add(route.match.caller_prefix.length);
  }
  return found;
}

/** Rules with the same conditions beside those on the called party, by their condition on the called party. */
interface Group {
  any?: RouteModel;
  readonly users: Map<string, RouteModel>;
  readonly numbers: Map<string, RouteModel>;
  readonly prefixes: Map<string, RouteModel>;
  /** Lengths that occur among the prefixes. */
  readonly lengths: Set<number>;
  /** More than one condition on the called party. */
  readonly mixed: Map<string, RouteModel>;
}

type Groups = Map<string, Group>;

function add(groups: Groups, route: RouteModel): void {
  const { match } = route;
  const key = callerKey(match) + furtherKey(match);
  let group = groups.get(key);
  if (group === undefined) {
    group = {
      users: new Map(),
      numbers: new Map(),
      prefixes: new Map(),
      lengths: new Set(),
      mixed: new Map(),
    };
    groups.set(key, group);
  }
  const { to_user, to_number, to_prefix } = match;
  const conditions =
    Number(to_user !== undefined) + Number(to_number !== undefined) + Number(to_prefix !== undefined);
  if (conditions > 1) keepFirst(group.mixed, mixedKey(match), route);
  else if (to_number !== undefined) keepFirst(group.numbers, to_number, route);
  else if (to_user !== undefined) keepFirst(group.users, to_user, route);
  else if (to_prefix !== undefined) {
    keepFirst(group.prefixes, to_prefix, route);
    group.lengths.add(to_prefix.length);
  } else group.any ??= route;
}

function keepFirst(map: Map<string, RouteModel>, key: string, route: RouteModel): void {
  if (!map.has(key)) map.set(key, route);
}

function covering(
  groups: Groups,
  callerLengths: ReadonlySet<number>,
  match: MatchModel,
): RouteModel | undefined {
  let best: RouteModel | undefined;
  const take = (route: RouteModel | undefined): void => {
    if (route !== undefined && (best === undefined || route.index < best.index)) best = route;
  };
  const number = match.to_number ?? (isNumber(match.to_user) ? match.to_user : undefined);
  const start = number ?? match.to_prefix;
  const look = (group: Group | undefined): void => {
    if (group === undefined) return;
    take(group.any);
    if (match.to_user !== undefined) take(group.users.get(match.to_user));
    if (number !== undefined) take(group.numbers.get(number));
    if (start !== undefined)
      for (const length of group.lengths)
        if (length <= start.length) take(group.prefixes.get(start.slice(0, length)));
    if (group.mixed.size > 0) take(group.mixed.get(mixedKey(match)));
  };
  // Further conditions are not taken apart: they follow from the very same ones, or from none.
  const further = furtherKey(match);
  for (const key of callerKeys(match, callerLengths)) {
    look(groups.get(key));
    if (further !== "") look(groups.get(key + further));
  }
  return best;
}

/** Keys of all conditions on the caller that hold whenever those of a rule do. */
function callerKeys(match: MatchModel, lengths: ReadonlySet<number>): Set<string> {
  const keys = new Set([""]);
  if (match.caller === undefined && match.caller_prefix === undefined) return keys;
  keys.add(callerKey(match));
  if (match.caller !== undefined && match.caller_prefix !== undefined) keys.add(`c${match.caller}`);
  const caller = match.caller ?? match.caller_prefix ?? "";
  for (const length of lengths) if (length <= caller.length) keys.add(`p${caller.slice(0, length)}`);
  return keys;
}

/** Pattern, headers and hours as text; empty where there are none. */
function furtherKey({ to_pattern, headers, hours, not_hours }: MatchModel): string {
  if (to_pattern === undefined && headers === undefined && hours === undefined && not_hours === undefined)
    return "";
  return JSON.stringify([to_pattern, headers, hours, not_hours], (name, value) =>
    name === "at" ? undefined : value,
  );
}

/** A prefix that the number has anyway is no condition of its own. */
function callerKey({ caller, caller_prefix }: MatchModel): string {
  if (caller === undefined) return caller_prefix === undefined ? "" : `p${caller_prefix}`;
  return caller_prefix === undefined || caller.startsWith(caller_prefix)
    ? `c${caller}`
    : `c${caller} p${caller_prefix}`;
}

function mixedKey({ to_user = "", to_number = "", to_prefix = "" }: MatchModel): string {
  return `${to_user} ${to_number} ${to_prefix}`;
}

function sameConditions(a: MatchModel, b: MatchModel): boolean {
  return mixedKey(a) === mixedKey(b) && callerKey(a) === callerKey(b) && furtherKey(a) === furtherKey(b);
}

/** A user part that is a number in E.164 or a short one is that number in every comparison. */
function isNumber(user: string | undefined): user is string {
  return user !== undefined && /^(?:\+[1-9][0-9]{1,14}|[0-9]{1,6})$/.test(user);
}
