/** One trunk: defaults in place, references resolved. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { CodecModel, IpNetwork, SecretSource, TrunkAuth, TrunkModel } from "../model.ts";
import type { trunk as trunkSchema } from "../schema/trunk.ts";
import { resolveNetwork } from "./address.ts";
import { type agentPool, gatewayAgent, resolveAgent } from "./agents.ts";
import { numberPlan, toE164 } from "./number.ts";
import type { Report } from "./report.ts";
import { resolveRoutes } from "./routes.ts";

export type TrunkDraft = z.output<typeof trunkSchema>;

export interface TrunkContext {
  readonly pool: ReturnType<typeof agentPool>;
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
  const auth = resolveAuth(draft, join(sip, "auth"), context);
  const agents = resolveAgents(draft, id, at, context);
  const routes = resolveRoutes(draft.sip.inbound_routes ?? [], join(sip, "inbound_routes"), {
    trunk: id,
    plan,
    report,
    ...agents,
  });
  reportUnread(draft, at, report);
  const { outbound, caller_id: caller, custom_headers: headers } = draft.sip;
  return {
    at,
    id,
    auth,
    ...(plan === undefined ? {} : { number_plan: plan }),
    routes,
    codecs: resolveCodecs(draft.sip.codecs, join(sip, "codecs"), report),
    nat: draft.sip.nat ?? auth.type === "digest",
    media_encryption: draft.sip.media_encryption ?? "disabled",
    limits: {
      ...(draft.limits?.calls === undefined ? {} : { calls: draft.limits.calls }),
      ...(draft.limits?.calls_per_second === undefined
        ? {}
        : { calls_per_second: draft.limits.calls_per_second }),
    },
    caller_id: { source: caller?.source ?? "from", fallback: caller?.fallback ?? "from" },
    inbound_headers: (headers?.inbound ?? []).map((h, i) => ({
      at: join(sip, "custom_headers", "inbound", i),
      ...h,
    })),
    outbound_headers: (headers?.outbound ?? []).map((h, i) => ({
      at: join(sip, "custom_headers", "outbound", i),
      ...h,
    })),
    ...(outbound === undefined
      ? {}
      : { outbound: resolveOutbound(outbound, join(sip, "outbound"), plan, report) }),
  };
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
  for (const [id, agent] of Object.entries(draft.agents ?? {}))
    for (const property of ["allowed_ips", "auth"] as const)
      if (agent[property] !== undefined)
        report({
          code: "CREW4008",
          severity: "warning",
          pointer: join(at, "agents", id, property),
          message: `'${property}' of agent '${id}' is not acted on yet: agents cannot place calls.`,
          help: "Calls to the agent work. Nothing needs to change.",
        });
}

function resolveAuth(draft: TrunkDraft, at: JsonPointer, { realm, report }: TrunkContext): TrunkAuth {
  const auth = draft.sip.auth;
  if (auth === undefined) return { type: "none" };
  if (auth.type === "digest")
    return {
      type: "digest",
      at,
      username: auth.username,
      password: secretSource(auth.password, join(at, "password")),
      realm: auth.realm ?? realm,
      algorithm: auth.algorithm ?? "MD5",
    };
  const list = join(at, "allowed_ips");
  if (auth.allowed_ips.length === 0)
    report({
      code: "CREW2107",
      severity: "error",
      pointer: list,
      message: "The allowlist is empty.",
      why: "An empty list could be read as 'allow nobody' or as 'allow everybody'; crew does not guess.",
      help: "Name the addresses of the PBX or provider.",
    });
  const networks: IpNetwork[] = [];
  for (const [i, text] of auth.allowed_ips.entries()) {
    const network = resolveNetwork(text, join(list, i), report);
    if (network === undefined) continue;
    const twin = networks.find((n) => n.address === network.address && n.prefix === network.prefix);
    if (twin === undefined) networks.push(network);
    else
      report({
        code: "CREW2116",
        severity: "warning",
        pointer: network.at,
        message: `'${text}' stands in the list twice.`,
        related: [{ pointer: twin.at, label: "first here" }],
      });
  }
  return { type: "ip_allowlist", at, networks };
}

/** A literal secret is known from here on only by its place in the config. */
function secretSource(value: string | { readonly secret: string }, at: JsonPointer): SecretSource {
  return typeof value === "string" ? { pointer: at } : { name: value.secret };
}

function resolveAgents(draft: TrunkDraft, trunk: string, at: JsonPointer, { pool, report }: TrunkContext) {
  const keys = new Map<string, string>();
  for (const [id, agent] of Object.entries(draft.agents ?? {})) {
    const resolved = resolveAgent(id, agent, join(at, "agents", id), report);
    // An agent whose URI was refused is still known: its routes are not wrong too.
    keys.set(id, resolved === undefined ? id : pool.add(trunk, resolved));
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
  const known =
    draft.agents === undefined && gateway === undefined ? undefined : Object.keys(draft.agents ?? {});
  return { agentKey, known };
}

function resolveCodecs(draft: TrunkDraft["sip"]["codecs"], at: JsonPointer, report: Report): CodecModel[] {
  if (draft === undefined) return (["PCMU", "PCMA", "opus"] as const).map((name) => ({ at, name }));
  const ranked = draft.map((codec, i) => ({ ...codec, at: join(at, i), rank: codec.priority ?? i + 1 }));
  for (const [i, codec] of ranked.entries()) {
    const sameName = ranked.slice(0, i).find((c) => c.name === codec.name);
    const samePriority = ranked
      .slice(0, i)
      .find((c) => c.priority !== undefined && c.priority === codec.priority);
    if (sameName !== undefined)
      report({
        code: "CREW2111",
        severity: "error",
        pointer: join(codec.at, "name"),
        message: `Codec ${codec.name} stands in the list twice.`,
        related: [{ pointer: sameName.at, label: "first here" }],
        help: "Remove one of them.",
      });
    if (samePriority !== undefined)
      report({
        code: "CREW2112",
        severity: "error",
        pointer: join(codec.at, "priority"),
        message: `Priority ${codec.priority} is given to ${samePriority.name} and to ${codec.name}.`,
        related: [{ pointer: join(samePriority.at, "priority"), label: `given to ${samePriority.name}` }],
        help: "Give each codec its own number; the lowest is offered first.",
      });
    if (codec.sample_rate !== undefined && codec.name !== "opus")
      report({
        code: "CREW2117",
        severity: "error",
        pointer: join(codec.at, "sample_rate"),
        message: `${codec.name} has one fixed sample rate; only opus takes 'sample_rate'.`,
        help: "Remove 'sample_rate'.",
      });
  }
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .map(({ at: place, name, sample_rate }) => ({
      at: place,
      name,
      ...(sample_rate === undefined ? {} : { sample_rate }),
    }));
}

function resolveOutbound(
  draft: NonNullable<TrunkDraft["sip"]["outbound"]>,
  at: JsonPointer,
  plan: TrunkModel["number_plan"],
  report: Report,
): NonNullable<TrunkModel["outbound"]> {
  const callerId = draft.caller_id === undefined ? undefined : toE164(draft.caller_id, plan);
  if (draft.caller_id !== undefined && callerId === undefined)
    report({
      code: "CREW2103",
      severity: "error",
      pointer: join(at, "caller_id"),
      message: `'${draft.caller_id}' is not a number in E.164.`,
      help: "Write '+', country code and number, for example '+14155551234'.",
    });
  return {
    at,
    uri: draft.uri,
    transport: draft.transport ?? "udp",
    ...(callerId === undefined ? {} : { caller_id: callerId }),
    ...(draft.auth === undefined
      ? {}
      : {
          auth: {
            username: draft.auth.username,
            password: secretSource(draft.auth.password, join(at, "auth", "password")),
          },
        }),
  };
}
