/** One trunk: defaults in place, references resolved. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { SessionTimerModel, TrunkModel } from "../model.ts";
import type { trunk as trunkSchema } from "../schema/trunk.ts";
import { type AgentPool, gatewayAgent, resolveAgent } from "./agents.ts";
import { resolveAuth } from "./auth.ts";
import { resolveCodecs } from "./codecs.ts";
import { resolveLimits } from "./limits.ts";
import { numberPlan } from "./number.ts";
import { resolveOutbound } from "./outbound.ts";
import type { Report } from "./report.ts";
import { resolveRoutes } from "./routes.ts";

export type TrunkDraft = z.output<typeof trunkSchema>;

export interface TrunkContext {
  readonly pool: AgentPool;
  /** Ids of all trunks of the edge. */
  readonly trunks: readonly string[];
  /** Realm of challenges where the trunk names none. */
  readonly realm: string;
  readonly report: Report;
}

export function resolveTrunk(draft: TrunkDraft, at: JsonPointer, context: TrunkContext): TrunkModel {
  const { report } = context;
  const id = draft.crew_id ?? "crew";
  const sip = join(at, "sip");
  const plan = draft.country === undefined ? undefined : numberPlan(draft.country);
  if (draft.country !== undefined && plan === undefined)
    report({
      code: "CREW2109",
      severity: "error",
      pointer: join(at, "country"),
      message: `There is no country '${draft.country}'.`,
      help: "Write the ISO 3166-1 code of two letters, for example 'US' or 'DE'.",
    });
  const auth = resolveAuth(draft.sip.auth, join(sip, "auth"), context.realm, report);
  const agents = resolveAgents(draft, id, at, context);
  const routes = resolveRoutes(draft.sip.inbound_routes ?? [], join(sip, "inbound_routes"), {
    trunk: id,
    trunks: context.trunks,
    plan,
    report,
    ...agents,
  });
  reportUnread(draft, at, report);
  const { caller_id: caller, custom_headers: headers } = draft.sip;
  const outbound =
    draft.sip.outbound === undefined
      ? undefined
      : resolveOutbound(draft.sip.outbound, join(sip, "outbound"), { trunk: id, plan, report });
  const timer = resolveSessionTimer(draft.sip.session_timer, sip);
  return {
    at,
    id,
    auth,
    ...(plan === undefined ? {} : { number_plan: plan }),
    agents: agents.keys(),
    routes,
    codecs: resolveCodecs(draft.sip.codecs, join(sip, "codecs"), report),
    nat: draft.sip.nat ?? auth.type === "digest",
    media_encryption: draft.sip.media_encryption ?? "disabled",
    keys_over_clear_signalling: draft.sip.keys_over_clear_signalling ?? false,
    transcode: draft.sip.transcode ?? "auto",
    dtmf: draft.sip.dtmf ?? "auto",
    refer: draft.sip.refer ?? "off",
    ...(draft.sip.refer_to === undefined ? {} : { refer_to: [...new Set(draft.sip.refer_to)].sort() }),
    ...(timer === undefined ? {} : { session_timer: timer }),
    failover: {
      continue_on: codes(draft.sip.failover?.continue_on),
      stop_on: codes(draft.sip.failover?.stop_on),
    },
    limits: resolveLimits(draft.limits),
    caller_id: { source: caller?.source ?? "from", fallback: caller?.fallback ?? "from" },
    inbound_headers: (headers?.inbound ?? []).map((h, i) => ({
      at: join(sip, "custom_headers", "inbound", i),
      ...h,
    })),
    outbound_headers: (headers?.outbound ?? []).map((h, i) => ({
      at: join(sip, "custom_headers", "outbound", i),
      ...h,
    })),
    ...(outbound === undefined ? {} : { outbound }),
  };
}

function resolveSessionTimer(
  draft: TrunkDraft["sip"]["session_timer"],
  sip: JsonPointer,
): SessionTimerModel | undefined {
  if (draft === false) return undefined;
  const at = draft === undefined ? sip : join(sip, "session_timer");
  return { at, expires: draft?.expires ?? 1800, min: draft?.min ?? 90 };
}

function codes(draft: readonly number[] = []): number[] {
  return [...new Set(draft)].sort((a, b) => a - b);
}

/** What the vocabulary has and nothing reads yet is said, never dropped in silence. */
function reportUnread(draft: TrunkDraft, at: JsonPointer, report: Report): void {
  if (draft.pbx !== undefined)
    report({
      code: "CREW4007",
      severity: "warning",
      pointer: join(at, "pbx"),
      message: "'pbx' is not acted on yet: no configuration for a PBX is generated.",
      help: "Configure the PBX by hand to call the edge's public address.",
    });
}

function resolveAgents(draft: TrunkDraft, trunk: string, at: JsonPointer, context: TrunkContext) {
  const { pool, realm, report } = context;
  const keys = new Map<string, string>();
  for (const [id, agent] of Object.entries(draft.agents ?? {})) {
    const resolved = resolveAgent(id, agent, join(at, "agents", id), realm, report);
    // An agent whose URI was refused is still known: its routes are not wrong too.
    keys.set(id, resolved === undefined ? id : pool.add(trunk, resolved, agent));
  }
  const gateway = draft.agent_gateway;
  const referenced = draft.sip.inbound_routes?.some((r) => r.agent_id !== undefined) ?? false;
  if (draft.agents === undefined && gateway === undefined && referenced)
    report({
      code: "CREW2102",
      severity: "warning",
      pointer: join(at, "sip", "inbound_routes"),
      message: `Trunk '${trunk}' has routes to agents, but says nowhere where agents are: their calls are refused with 480.`,
      help: "Add 'agents: { agent_sarah: { uri: \"sip:10.0.4.10:5080\" } }' or 'agent_gateway' to the trunk.",
    });
  const agentKey = (id: string): string | undefined => {
    const held = keys.get(id);
    if (held !== undefined || gateway === undefined) return held;
    const resolved = gatewayAgent(
      id,
      gateway,
      join(at, "agent_gateway"),
      keys.size === 0 ? report : () => {},
    );
    if (resolved === undefined) return undefined;
    const key = pool.add(trunk, resolved);
    keys.set(id, key);
    return key;
  };
  pool.addLookup(agentKey);
  const known =
    draft.agents === undefined && gateway === undefined ? undefined : Object.keys(draft.agents ?? {});
  return { agentKey, known, keys: () => [...new Set(keys.values())].sort() };
}
