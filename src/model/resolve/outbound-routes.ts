/** Rules of the edge that say over which trunk an agent's call goes. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { OutboundRouteModel } from "../model.ts";
import type { outboundRoute } from "../schema/outbound.ts";
import type { AgentPool } from "./agents.ts";
import { resolveNumber } from "./number.ts";
import type { Report } from "./report.ts";
import { knowsTrunk } from "./via.ts";

type RouteDraft = z.output<typeof outboundRoute>;

export interface OutboundRouteContext {
  readonly pool: AgentPool;
  /** Ids of all trunks. */
  readonly trunks: readonly string[];
  readonly report: Report;
}

/** `undefined` where a condition or a trunk is refused. */
export function resolveOutboundRoute(
  draft: RouteDraft,
  index: number,
  at: JsonPointer,
  context: OutboundRouteContext,
): OutboundRouteModel | undefined {
  const match = resolveMatch(draft, join(at, "match"), context);
  const list = Array.isArray(draft.via);
  const via = Array.isArray(draft.via) ? draft.via : [draft.via];
  const known = via.filter((id, i) =>
    knowsTrunk(id, context.trunks, list ? join(at, "via", i) : join(at, "via"), context.report),
  );
  if (match === undefined || known.length < via.length) return undefined;
  return {
    at,
    index,
    label: `outbound_routes › ${describe(match, draft.match.agent_id)}`,
    match,
    via: known,
  };
}

function resolveMatch(
  { match: draft }: RouteDraft,
  at: JsonPointer,
  { pool, report }: OutboundRouteContext,
): OutboundRouteModel["match"] | undefined {
  const { to_uri, to_prefix, agent_id } = draft;
  const to_number =
    to_uri === undefined ? undefined : resolveNumber(to_uri, undefined, join(at, "to_uri"), report);
  const agents = agent_id === undefined ? undefined : pool.keysOf(agent_id);
  if (agents?.length === 0) reportAgent(agent_id ?? "", pool, join(at, "agent_id"), report);
  if (agents?.length === 0 || (to_uri !== undefined && to_number === undefined)) return undefined;
  return {
    ...(to_number === undefined ? {} : { to_number }),
    ...(to_prefix === undefined ? {} : { to_prefix }),
    ...(agents === undefined ? {} : { agents }),
  };
}

function reportAgent(id: string, pool: AgentPool, at: JsonPointer, report: Report): void {
  const nearest = suggest(
    id,
    pool.all().map((agent) => agent.id),
  );
  report({
    code: "CREW2123",
    severity: "error",
    pointer: at,
    message: `No trunk of the edge has an agent '${id}'.`,
    help:
      nearest === undefined ? "Name an agent from the 'agents' of a trunk." : `Did you mean '${nearest}'?`,
  });
}

function describe(match: OutboundRouteModel["match"], agent: string | undefined): string {
  const parts: string[] = [];
  if (match.to_number !== undefined) parts.push(match.to_number);
  if (match.to_prefix !== undefined) parts.push(`${match.to_prefix}*`);
  if (agent !== undefined) parts.push(`from ${agent}`);
  return parts.length === 0 ? "any call" : parts.join(" ");
}
