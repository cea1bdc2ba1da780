/** Routes as tables: exact entries by key, rules with conditions in order, chains of destinations. */
import { haveDistinctKeys } from "../../../model/distinct.ts";
import type { AgentModel, CodecName, MatchModel, RouteModel, TrunkModel } from "../../../model/model.ts";
import type { Grouping, Row, RuleField } from "../doc.ts";
import { codecFlags } from "./codecs.ts";
import { type ConditionTables, hasFurther, rulesOf } from "./conditions.ts";
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
  /** How exact entries share rows, where they are many; the value of an entry then is `<chain>` or `<place>/<chain>`. */
  readonly grouping?: Grouping;
}

export interface RouteContext {
  readonly agents: ReadonlyMap<string, AgentModel>;
  /** Key of an agent → its dispatcher sets, first choice first. */
  readonly sets: ReadonlyMap<string, readonly number[]>;
  /** Trunks that calls can go out over. */
  readonly carriers: ReadonlySet<string>;
}

/** An entry that an earlier one of the same key hides is left out, since the first match wins. */
export function lowerRoutes(trunks: readonly TrunkModel[], context: RouteContext): RouteTables {
  // A caller may write "^" into a user part: in a group it must end the entry and nothing else.
  const between = countExact(trunks) > readable ? "/" : separator;
  const places = trunks.some((t) =>
    t.routes.some((r) => exactKey(r.match) === undefined || readsAsNumber(r)),
  );
  const entries: Row[] = [];
  const rules: Row[] = [];
  const ruleValues = rulesOf(trunks);
  const chains = new Map<string, string>();
  const chainRows: Row[] = [];
  for (const trunk of trunks) {
    let ruleCount = 0;
    // Many routes of a trunk name the same destinations; their steps are worked out once.
    const known = new Map<string, string>();
    const seen = haveDistinctKeys(trunk.routes) ? undefined : new Set<string>();
    for (const route of trunk.routes) {
      const wanted = destinationsKey(route);
      let chain = known.get(wanted);
      if (chain === undefined) {
        const steps = stepsOf(route, trunk, context);
        const identity = steps.map((s) => s.value).join("\n");
        chain = chains.get(identity) ?? `c${chains.size + 1}`;
        if (!chains.has(identity)) {
          chains.set(identity, chain);
          for (const [i, step] of steps.entries()) chainRows.push({ ...step, key: `${chain}:${i}` });
        }
        known.set(wanted, chain);
      }
      const exact = exactKey(route.match);
      if (exact === undefined) {
        rules.push({
          key: `${trunk.id}:${ruleCount++}`,
          value: ruleValues.value(route, chain),
          at: route.at,
        });
      } else if (seen?.has(exact) !== true) {
        seen?.add(exact);
        const value = places ? `${route.index}${between}${chain}` : chain;
        entries.push({ key: `${trunk.id}:${exact}`, value, at: route.at });
      }
    }
  }
  const rest = {
    rules,
    ruleFields: ruleValues.fields,
    conditions: ruleValues.tables(),
    chains: chainRows,
    places,
  };
  if (between === separator) return { routes: entries, ...rest };
  const { rows, grouping } = group(entries);
  return { routes: rows, grouping, ...rest };
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
    // What cannot be encrypted must not go in clear.
    if (trunk.media_encryption === "required" || agent.media_encryption === "required")
      return [{ at: d.at, value: [0, 488, "Encryption Not Available"].join(separator) }];
    const leg = agent.nat ? "l" : "p";
    const codecs = codecFlags(commonCodecs(trunk, agent));
    return (context.sets.get(d.agent) ?? []).map((set) => ({
      at: d.at,
      value: [set, agent.id, leg, ring, codecs].join(separator),
    }));
  });
}

/** Codecs that both have, in the order of the agent where it has one, since the callee's order decides. */
function commonCodecs(trunk: TrunkModel, agent: AgentModel): CodecName[] {
  const offered = trunk.codecs.map((c) => c.name);
  return agent.codecs === undefined ? offered : agent.codecs.filter((c) => offered.includes(c));
}
