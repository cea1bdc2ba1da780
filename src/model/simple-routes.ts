/**
 * The short way of the schema for long lists of simple routes: a number or user part to one agent. Such a list is seen to
 * follow the schema without making a copy of every route; any other list, and every problem, goes the schema's own way.
 */
import type { z } from "zod";
import { edge as edgeSchema } from "./schema/edge.ts";
import { patterns } from "./schema/text.ts";

type EdgeDraft = z.output<typeof edgeSchema>;
type Routes = NonNullable<EdgeDraft["trunks"][number]["sip"]["inbound_routes"]>;

/** Shorter lists are read by the schema in no time, longer ones it refuses. */
const lengths = { from: 1_000, to: 1_000_000 } as const;

/** What `edgeSchema.safeParse` gives, problems included. */
export function parseEdge(draft: unknown): z.ZodSafeParseResult<EdgeDraft> {
  const lists = new Map<number, Routes>();
  const rest = withoutSimpleRoutes(draft, lists);
  if (lists.size === 0) return edgeSchema.safeParse(draft);
  const parsed = edgeSchema.safeParse(rest);
  if (!parsed.success) return edgeSchema.safeParse(draft);
  const trunks = parsed.data.trunks.map((trunk, i) => {
    const routes = lists.get(i);
    return routes === undefined ? trunk : { ...trunk, sip: { ...trunk.sip, inbound_routes: routes } };
  });
  return { success: true, data: { ...parsed.data, trunks } };
}

/** The draft with empty lists in place of long simple ones, which go into `lists` by the place of their trunk. */
function withoutSimpleRoutes(draft: unknown, lists: Map<number, Routes>): unknown {
  if (!isRecord(draft) || !Array.isArray(draft.trunks)) return draft;
  const trunks = draft.trunks.map((trunk: unknown, i) => {
    if (!isRecord(trunk) || !isRecord(trunk.sip)) return trunk;
    const routes = trunk.sip.inbound_routes;
    if (!Array.isArray(routes) || routes.length < lengths.from || routes.length > lengths.to) return trunk;
    if (!areSimple(routes)) return trunk;
    lists.set(i, routes);
    return { ...trunk, sip: { ...trunk.sip, inbound_routes: [] } };
  });
  return { ...draft, trunks };
}

function areSimple(routes: readonly unknown[]): routes is Routes {
  for (const route of routes) if (!isSimple(route)) return false;
  return true;
}

function isSimple(route: unknown): boolean {
  if (!isRecord(route) || !isRecord(route.match)) return false;
  for (const name in route) if (name !== "match" && name !== "agent_id") return false;
  for (const name in route.match) {
    const grammar = grammars.get(name);
    if (grammar === undefined || !fits(route.match[name], grammar)) return false;
  }
  return fits(route.agent_id, patterns.identifier);
}

const grammars: ReadonlyMap<string, RegExp> = new Map([
  ["to_uri", patterns.number],
  ["to_user", patterns.sipUser],
]);

function fits(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
