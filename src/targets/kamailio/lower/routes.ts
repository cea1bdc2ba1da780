/** Routes as tables: exact entries by key, rules with conditions in order, chains of destinations. */
import { haveDistinctKeys } from "../../../model/distinct.ts";
import type { AgentModel, EngineLine, MatchModel, RouteModel, TrunkModel } from "../../../model/model.ts";
import type { Grouping, Row, RuleField } from "../doc.ts";
import { codecsBetween } from "./codecs.ts";
import { type ConditionTables, hasFurther, rulesOf } from "./conditions.ts";
import { type Dense, dense } from "./dense.ts";
import { group, readable } from "./grouped.ts";
import { separator } from "./separator.ts";

export interface RouteTables {
  /** `<trunk>:<number or user>` → `<chain>`, or `<place>^<chain>` where places matter; else as `grouping` says. */
  readonly routes: readonly Row[];
  /** `<trunk>:<n>` → a rule, numbered in file order. */
  readonly rules: readonly Row[];
  readonly ruleFields: readonly RuleField[];
  readonly conditions: ConditionTables;
  /** `<chain>:<step>` → a step. */
  readonly chains: readonly Row[];
  /** Whether an exact entry can be hidden by another kind of entry, so that places must be compared at run time. */
  readonly places: boolean;
  /** Of a large table what lies together; the value of an entry then is `<chain>` or `<place>/<chain>`. */
  readonly blocks?: Blocks;
  /** How the other exact entries share rows, where they are many, too. */
  readonly grouping?: Grouping;
  /** Whether the media relay may have to turn one codec into another. */
  readonly transcodes: boolean;
}

export interface Blocks {
  readonly rows: readonly Row[];
  /** Characters of a code. */
  readonly width: number;
  /** Code → `<place>/<chain>`, where places matter; else a code is a chain. */
  readonly codes: readonly Row[];
}

export interface RouteContext {
  readonly line: EngineLine;
  readonly agents: ReadonlyMap<string, AgentModel>;
  /** Key of an agent → its dispatcher sets, first choice first. */
  readonly sets: ReadonlyMap<string, readonly number[]>;
  /** Trunks that calls can go out over. */
  readonly carriers: ReadonlySet<string>;
}

/** An entry that an earlier one of the same key hides is left out, since the first match wins. */
export function lowerRoutes(trunks: readonly TrunkModel[], context: RouteContext): RouteTables {
  // A caller may write "^" into a user part: in a group it must end the entry and nothing else.
  const large = countExact(trunks) > readable;
  const between = large ? "/" : separator;
  const places = trunks.some((t) =>
    t.routes.some((r) => exactKey(r.match) === undefined || readsAsNumber(r)),
  );
  const entries: Row[] = [];
  const named: Row[] = [];
  const rules: Row[] = [];
  const ruleValues = rulesOf(trunks);
  const chains = new Map<string, string>();
  const chainRows: Row[] = [];
  let transcodes = false;
  for (const trunk of trunks) {
    let ruleCount = 0;
    // What places are compared with stands between runs of numbers, so that those of a run can share its first place.
    let run: number | undefined;
    // Many routes of a trunk name the same destinations; their steps are worked out once.
    const known = new Map<string, string>();
    const seen = haveDistinctKeys(trunk.routes) ? undefined : new Set<string>();
    for (const route of trunk.routes) {
      const wanted = destinationsKey(route);
      let chain = known.get(wanted);
      if (chain === undefined) {
        const steps = stepsOf(route, trunk, context);
        transcodes ||= steps.some((s) => s.transcodes === true);
        const identity = steps.map((s) => s.value).join("\n");
        chain = chains.get(identity) ?? `c${chains.size + 1}`;
        if (!chains.has(identity)) {
          chains.set(identity, chain);
          for (const [i, { at, value }] of steps.entries())
            chainRows.push({ at, value, key: `${chain}:${i}` });
        }
        known.set(wanted, chain);
      }
      const exact = exactKey(route.match);
      if (exact === undefined) {
        run = undefined;
        rules.push({
          key: `${trunk.id}:${ruleCount++}`,
          value: ruleValues.value(route, chain),
          at: route.at,
        });
      } else if (seen?.has(exact) !== true) {
        seen?.add(exact);
        const key = `${trunk.id}:${exact}`;
        const alone = large && (places ? route.match.to_user !== undefined : exact === trunk.id);
        if (alone || !large) run = undefined;
        run ??= route.index;
        const value = places ? `${run}${between}${chain}` : chain;
        (alone ? named : entries).push({ key, value, at: route.at });
        if (alone) run = undefined;
      }
    }
  }
  const rest = {
    rules,
    ruleFields: ruleValues.fields,
    conditions: ruleValues.tables(),
    chains: chainRows,
    places,
    transcodes,
  };
  return large ? { ...rest, ...lowerLarge(entries, named, rest) } : { routes: entries, ...rest };
}

type Large = Pick<RouteTables, "routes" | "chains" | "blocks" | "grouping">;

/**
 * Named entries stay in no block: their places differ one by one, so that the codes would be too many; or they have the name of
 * their trunk, which means another number, and blocks are asked first.
 */
function lowerLarge(
  entries: readonly Row[],
  named: readonly Row[],
  { chains, places }: Pick<RouteTables, "chains" | "places">,
): Large {
  const found = dense(entries);
  if (found === undefined) return { chains, ...shared([...entries, ...named]) };
  const { blocks: rows, rest, width, codes } = found;
  if (places) {
    const meanings = [...codes].map(([value, code]) => ({ key: code, value }));
    return { chains, blocks: { rows, width, codes: meanings }, ...shared([...rest, ...named]) };
  }
  return {
    chains: chains.map((row) => recoded(row, codes)),
    blocks: { rows, width, codes: [] },
    ...shared([...rest, ...named].map((row) => ({ ...row, value: codes.get(row.value) ?? row.value }))),
  };
}

function shared(entries: readonly Row[]): Pick<RouteTables, "routes" | "grouping"> {
  if (entries.length <= readable) return { routes: entries };
  const { rows, grouping } = group(entries);
  return { routes: rows, grouping };
}

/** A step of a chain that is called by its code. */
function recoded(row: Row, codes: Dense["codes"]): Row {
  const [chain = "", step = ""] = row.key.split(":");
  const code = codes.get(chain);
  return code === undefined ? row : { ...row, key: `${code}:${step}` };
}

/** How many routes have no condition but the called number or user name. */
export function countExact(trunks: readonly TrunkModel[]): number {
  let count = 0;
  for (const { routes } of trunks) for (const { match } of routes) if (exactKey(match) !== undefined) count++;
  return count;
}

/** Of one agent alone its key, so that a million simple routes make no text. */
function destinationsKey(route: RouteModel): string {
  const [only] = route.destinations;
  if (route.destinations.length === 1 && only?.type === "agent" && route.ring_timeout === undefined)
    return only.agent;
  let key = String(route.ring_timeout ?? "");
  for (const d of route.destinations)
    if (d.type === "agent") key += `\n${d.agent}`;
    else if (d.type === "refuse") key += `\n${d.code} ${d.reason}`;
    else key += `\n${d.number} ${d.via}`;
  return key;
}

/** What an exact entry is found by; numbers begin with `+`, so that a user name and a number meet only where they are equal. */
function exactKey(m: MatchModel): string | undefined {
  if (hasFurther(m)) return undefined;
  if (m.to_number !== undefined && m.to_user === undefined) return m.to_number;
  if (m.to_user !== undefined && m.to_number === undefined) return m.to_user;
  return undefined;
}

/** A user name that could also be read as a number, which another entry may have. */
function readsAsNumber(route: RouteModel): boolean {
  const user = route.match.to_user;
  return user !== undefined && !/[A-Za-z]/.test(user);
}

interface Step {
  readonly at: Row["at"];
  readonly value: string;
  readonly transcodes?: boolean;
}

function stepsOf(route: RouteModel, trunk: TrunkModel, context: RouteContext): Step[] {
  const ring = (route.ring_timeout ?? 0) * 1000;
  return route.destinations.flatMap((d): Step[] => {
    if (d.type === "refuse") return [{ at: d.at, value: [0, d.code, d.reason].join(separator) }];
    if (d.type === "forward")
      return context.carriers.has(d.via)
        ? [{ at: d.at, value: [0, "forward", d.via, d.number].join(separator) }]
        : [{ at: d.at, value: [0, 503, "Forwarding Not Available"].join(separator) }];
    const agent = context.agents.get(d.agent);
    if (agent === undefined) return [];
    const { pass = "-", lists = "" } = codecsBetween(trunk, agent, context.line);
    const fields = [agent.id, agent.nat ? "l" : "p", ring, pass, lists, encryption[agent.media_encryption]];
    // What is empty at the end is left out.
    while (fields.at(-1) === "") fields.pop();
    return (context.sets.get(d.agent) ?? []).map((set) => ({
      at: d.at,
      value: [set, ...fields].join(separator),
      transcodes: lists !== "",
    }));
  });
}

/** What a chain says of an agent's `media_encryption`. */
const encryption = { disabled: "", allowed: "a", required: "r" } as const;
