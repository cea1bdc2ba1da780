/** Routes as tables: exact entries by key, rules with conditions in order, chains of destinations. */
import { createHash } from "node:crypto";
import type { AgentModel, EngineLine, MatchModel, RouteModel, TrunkModel } from "../../../model/model.ts";
import type { Row } from "../doc.ts";
import { codecsBetween } from "./codecs.ts";

export interface RouteTables {
  /** `<trunk>:<number or user>` → `<chain>`, or `<place>^<chain>` where places matter. */
  readonly routes: readonly Row[];
  /** `<trunk>:<n>` → a rule, numbered in file order. */
  readonly rules: readonly Row[];
  /** `<chain>:<step>` → a step. */
  readonly chains: readonly Row[];
  /** Whether an exact entry can be hidden by another kind of entry, so that places must be compared at run time. */
  readonly places: boolean;
  /** Whether exact entries stand under the MD5 of their key, which then is the last field of the value. */
  readonly hashed: boolean;
  /** Whether the media relay may have to turn one codec into another. */
  readonly transcodes: boolean;
}

export interface RouteContext {
  readonly line: EngineLine;
  readonly agents: ReadonlyMap<string, AgentModel>;
  /** Key of an agent → its dispatcher sets, first choice first. */
  readonly sets: ReadonlyMap<string, readonly number[]>;
}

/** Fields of a row are separated by `^`, which no user part, number, id or reason phrase of the schema contains. */
export const separator = "^";

/** An entry that an earlier one of the same key hides is left out, since the first match wins. */
export function lowerRoutes(trunks: readonly TrunkModel[], context: RouteContext): RouteTables {
  const places = trunks.some((t) =>
    t.routes.some((r) => exactKey(r.match) === undefined || readsAsNumber(r)),
  );
  const routes = new Map<string, Row>();
  const rules: Row[] = [];
  const chains = new Map<string, string>();
  const chainRows: Row[] = [];
  let transcodes = false;
  for (const trunk of trunks) {
    let ruleCount = 0;
    // Many routes of a trunk name the same destinations; their steps are worked out once.
    const known = new Map<string, string>();
    for (const route of trunk.routes) {
      if (unservedCondition(route.match) !== undefined) continue;
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
      const key = `${trunk.id}:${exact}`;
      if (exact === undefined) {
        rules.push({ key: `${trunk.id}:${ruleCount++}`, value: ruleValue(route, chain), at: route.at });
      } else if (!routes.has(key)) {
        const value = places ? `${route.index}${separator}${chain}` : chain;
        routes.set(key, { key, value, at: route.at });
      }
    }
  }
  const hashed = routes.size > readable;
  const exact = [...routes.values()];
  return {
    routes: hashed ? exact.map(underHash) : exact,
    rules,
    chains: chainRows,
    places,
    hashed,
    transcodes,
  };
}

/** Up to so many entries a table is kept for reading; the slots of the core's hash still serve it well. */
const readable = 4096;

function underHash({ key, value, at }: Row): Row {
  return { key: createHash("md5").update(key).digest("hex"), value: `${value}${separator}${key}`, at };
}

function destinationsKey(route: RouteModel): string {
  let key = String(route.ring_timeout ?? "");
  for (const d of route.destinations)
    if (d.type === "agent") key += `\n${d.agent}`;
    else if (d.type === "refuse") key += `\n${d.code} ${d.reason}`;
    else key += `\n${d.number} ${d.via}`;
  return key;
}

type UnservedCondition = "to_pattern" | "headers" | "hours" | "not_hours";

/** A condition that the script does not look at yet: a route that has one takes no call, since without it it would take too many. */
export function unservedCondition(match: MatchModel): UnservedCondition | undefined {
  if (match.to_pattern !== undefined) return "to_pattern";
  if (match.headers !== undefined) return "headers";
  if (match.hours !== undefined) return "hours";
  return match.not_hours === undefined ? undefined : "not_hours";
}

/** What an exact entry is found by; numbers begin with `+`, so that a user name and a number meet only where they are equal. */
function exactKey(m: MatchModel): string | undefined {
  if (m.to_prefix !== undefined || m.caller !== undefined || m.caller_prefix !== undefined) return undefined;
  if (m.to_number !== undefined && m.to_user === undefined) return m.to_number;
  if (m.to_user !== undefined && m.to_number === undefined) return m.to_user;
  return undefined;
}

/** A user name that could also be read as a number, which another entry may have. */
function readsAsNumber(route: RouteModel): boolean {
  const user = route.match.to_user;
  return user !== undefined && !/[A-Za-z]/.test(user);
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
  readonly transcodes?: boolean;
}

function stepsOf(route: RouteModel, trunk: TrunkModel, context: RouteContext): Step[] {
  const ring = (route.ring_timeout ?? 0) * 1000;
  return route.destinations.flatMap((d): Step[] => {
    if (d.type === "refuse") return [{ at: d.at, value: [0, d.code, d.reason].join(separator) }];
    if (d.type === "forward")
      return [{ at: d.at, value: [0, 503, "Forwarding Not Available"].join(separator) }];
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
