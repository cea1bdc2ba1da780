/** Routes as tables: exact entries by key, rules with conditions in order, chains of destinations. */
import type { AgentModel, CodecName, MatchModel, RouteModel, TrunkModel } from "../../../model/model.ts";
import type { Row } from "../doc.ts";
import type { AgentSet } from "./agents.ts";
import { codecFlags } from "./codecs.ts";

export interface RouteTables {
  /** `<trunk>:n:<number>` and `<trunk>:u:<user>` → `<place>^<chain>`. */
  readonly routes: readonly Row[];
  /** `<trunk>:<n>` → a rule, numbered in file order. */
  readonly rules: readonly Row[];
  /** `<chain>:<step>` → a step. */
  readonly chains: readonly Row[];
  readonly ring: boolean;
}

export interface RouteContext {
  readonly agents: ReadonlyMap<string, AgentModel>;
  readonly sets: ReadonlyMap<string, readonly AgentSet[]>;
}

/** Fields of a row are separated by `^`, which no user part, number, id or reason phrase of the schema contains. */
export const separator = "^";

/** Exact entries that an earlier one of the same key hides are left out, since the first match wins. */
export function lowerRoutes(trunks: readonly TrunkModel[], context: RouteContext): RouteTables {
  const routes = new Map<string, Row>();
  const rules: Row[] = [];
  const chains = new Map<string, string>();
  const chainRows: Row[] = [];
  let ring = false;
  for (const trunk of trunks) {
    let ruleCount = 0;
    for (const route of trunk.routes) {
      ring ||= route.ring_timeout !== undefined;
      const steps = stepsOf(route, trunk, context);
      const identity = steps.map((s) => s.value).join("\n");
      let chain = chains.get(identity);
      if (chain === undefined) {
        chain = `c${chains.size + 1}`;
        chains.set(identity, chain);
        for (const [i, step] of steps.entries()) chainRows.push({ ...step, key: `${chain}:${i}` });
      }
      const key = exactKey(trunk.id, route.match);
      if (key === undefined) {
        rules.push({ key: `${trunk.id}:${ruleCount++}`, value: ruleValue(route, chain), at: route.at });
      } else if (!routes.has(key)) {
        routes.set(key, { key, value: `${route.index}${separator}${chain}`, at: route.at });
      }
    }
  }
  return { routes: [...routes.values()], rules, chains: chainRows, ring };
}

function exactKey(trunk: string, m: MatchModel): string | undefined {
  if (m.to_prefix !== undefined || m.caller !== undefined || m.caller_prefix !== undefined) return undefined;
  if (m.to_number !== undefined && m.to_user === undefined) return `${trunk}:n:${m.to_number}`;
  if (m.to_user !== undefined && m.to_number === undefined) return `${trunk}:u:${m.to_user}`;
  return undefined;
}

function ruleValue(route: RouteModel, chain: string): string {
  const m = route.match;
  return [route.index, chain, m.to_user, m.to_number, m.to_prefix, m.caller, m.caller_prefix]
    .map((field) => field ?? "*")
    .join(separator);
}

interface Step {
  readonly at: Row["at"];
  readonly value: string;
}

function stepsOf(route: RouteModel, trunk: TrunkModel, context: RouteContext): Step[] {
  const ring = (route.ring_timeout ?? 0) * 1000;
  return route.destinations.flatMap((d): Step[] => {
    if (d.type === "refuse") return [{ at: d.at, value: ["r", d.code, d.reason].join(separator) }];
    const agent = context.agents.get(d.agent);
    if (agent === undefined) return [];
    const codecs = codecFlags(commonCodecs(trunk, agent));
    return (context.sets.get(d.agent) ?? []).map(({ set, algorithm }) => ({
      at: d.at,
      value: ["a", set, algorithm, agent.id, ring, codecs].join(separator),
    }));
  });
}

/** Codecs that both have, in the order of the agent where it has one, since the callee's order decides. */
function commonCodecs(trunk: TrunkModel, agent: AgentModel): CodecName[] {
  const offered = trunk.codecs.map((c) => c.name);
  return agent.codecs === undefined ? offered : agent.codecs.filter((c) => offered.includes(c));
}
