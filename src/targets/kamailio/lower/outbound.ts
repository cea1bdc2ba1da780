/** Calls from agents to carriers: who may dial, over which trunks, to which targets, in what form. */
import { bracketed } from "../../../core/host.ts";
import { join } from "../../../core/pointer.ts";
import type {
  AgentModel,
  CodecName,
  Model,
  NetworkModel,
  OutboundTarget,
  TrunkModel,
} from "../../../model/model.ts";
import type { Row } from "../doc.ts";
import { codecDigits, codecFlags } from "./codecs.ts";
import { type Carrying, carrying, goesToContact, mayRegister } from "./registrar.ts";
import { registrarAddresses } from "./registration.ts";
import { separator } from "./separator.ts";
import { agentKeys, isAddress, keysOf } from "./sources.ts";

export interface OutboundTables {
  /** Source address, network, or agent with a password → trunks that the agents there may use, separated by commas, their leg, SRTP, codecs, and the trunk that is meant unless one is named. */
  readonly dial: readonly Row[];
  /** `<way>:<n>` → targets of one priority of one trunk. */
  readonly ways: readonly Row[];
  /** Trunk → what it wants. */
  readonly out: readonly Row[];
  /** Trunk → allowed and denied prefixes. */
  readonly destinations: readonly Row[];
  /** `<trunk>:<number>` → a caller that agents may choose. */
  readonly callers: readonly Row[];
  /** Trunk → codecs as rtpengine flags. */
  readonly codecs: readonly Row[];
  /** Trunk → codecs as digits, where its calls may be transcoded. */
  readonly spoken: readonly Row[];
  /** Whether calls to carriers may have to be transcoded. */
  readonly transcodes: boolean;
  /** Outbound routes in order. */
  readonly routes: readonly Row[];
  /** Literal addresses of carriers: where requests within a call may go. */
  readonly peers: readonly Row[];
}

export function lowerOutbound(model: Model): OutboundTables {
  const { network, engine } = model.edge;
  const trunks = model.trunks.flatMap(carrying);
  const transcoding = engine === "5.6" ? [] : trunks.filter((t) => t.transcode !== "never");
  return {
    dial: dialRows(model, trunks),
    ways: [...trunks.flatMap((t) => wayRows(t.id, [t], network)), ...routeWays(model, trunks)],
    out: trunks.map(outRow),
    destinations: trunks.map(({ id, outbound: o }) => ({
      key: id,
      value: [o.allowed_destinations, o.denied_destinations]
        .map((list) => list.map((d) => d.prefix).join(","))
        .join(separator),
      at: o.at,
    })),
    callers: trunks.flatMap(({ id, outbound }) =>
      outbound.caller_ids.map((c) => ({ key: `${id}:${c.number}`, value: 1, at: c.at })),
    ),
    codecs: trunks.map((t) => ({ key: t.id, value: codecFlags(codecNames(t)), at: t.outbound.at })),
    spoken: (engine === "5.6" ? [] : model.trunks.filter((t) => t.transcode !== "never")).map((t) => ({
      key: t.id,
      value: [codecDigits(codecNames(t)), t.transcode === "always" ? "A" : "a"].join(separator),
      at: join(t.at, "sip"),
    })),
    transcodes: transcoding.some((t) => mayTranscode(t, model)),
    routes: model.edge.outbound_routes.map((route, i) => ({
      key: String(i),
      value: [
        route.match.to_number ?? "*",
        route.match.to_prefix ?? "*",
        keysOfAgents(model, route.match.agents),
        `route ${i}`,
        route.via[0],
      ].join(separator),
      at: route.at,
    })),
    peers: uniqueRows(
      trunks.flatMap((t) => [
        ...registrarAddresses(t).flatMap(({ address, at }) =>
          keysOf(address).map((key) => ({ key, value: t.id, at })),
        ),
        ...t.outbound.targets.flatMap(({ host, at }) =>
          isAddress(host) ? keysOf(host).map((key) => ({ key, value: t.id, at })) : [],
        ),
      ]),
    ),
  };
}

/** Whether a caller of a trunk's calls may offer only what the trunk does not have. */
function mayTranscode(trunk: Carrying, model: Model): boolean {
  const own = new Set(codecNames(trunk));
  const foreign = (codecs: readonly CodecName[] | undefined) => codecs?.some((c) => !own.has(c)) === true;
  return (
    trunk.transcode === "always" ||
    model.agents.some((a) => trunk.agents.includes(a.key) && foreign(a.codecs)) ||
    model.trunks.some(
      (t) =>
        t.transcode !== "never" &&
        foreign(codecNames(t)) &&
        t.routes.some((r) => r.destinations.some((d) => d.type === "forward" && d.via === trunk.id)),
    )
  );
}

const codecNames = (trunk: TrunkModel): readonly CodecName[] => trunk.codecs.map((c) => c.name);

interface Dialler {
  readonly at: string;
  readonly leg: string;
  readonly trunks: Set<string>;
  readonly encryption: Set<AgentModel["media_encryption"]>;
  readonly codecs: Set<CodecName>;
}

/**
 * Agents' trunks by what they are known by; an address or network that agents of several trunks share may use all of theirs. Meant unless another one is
 * named is the only one with `outbound`, else the only one.
 */
function dialRows(model: Model, trunks: readonly Carrying[]): Row[] {
  const found = new Map<string, Dialler>();
  for (const agent of model.agents) {
    const own = trunks.filter((t) => t.agents.includes(agent.key)).map((t) => t.id);
    if (own.length === 0) continue;
    for (const { key, at } of agentKeys(agent)) {
      const entry = found.get(key) ?? {
        at,
        leg: agent.nat ? "l" : "p",
        trunks: new Set(),
        encryption: new Set(),
        codecs: new Set(),
      };
      for (const id of own) entry.trunks.add(id);
      for (const codec of agent.codecs ?? []) entry.codecs.add(codec);
      entry.encryption.add(agent.media_encryption);
      found.set(key, entry);
    }
  }
  const registering = new Set(trunks.filter(goesToContact).map((t) => t.id));
  const hasRegistrar = model.trunks.some(mayRegister);
  return [...found].map(([key, e]) => {
    const all = [...e.trunks].sort();
    const stated = all.filter((id) => !registering.has(id));
    const [usual = "", ...others] = stated.length === 0 ? all : stated;
    const fields = [
      all.join(","),
      e.leg,
      strictest(e.encryption),
      codecDigits([...e.codecs]),
      hasRegistrar && others.length === 0 ? usual : "",
    ];
    // What is empty at the end is left out.
    while (fields.at(-1) === "") fields.pop();
    return { key, value: fields.join(separator), at: e.at };
  });
}

/** Nobody can tell which of the agents at an address calls. */
function strictest(asked: ReadonlySet<AgentModel["media_encryption"]>): string {
  return asked.has("required") ? "r" : asked.has("allowed") ? "a" : "";
}

function keysOfAgents(model: Model, keys: readonly string[] | undefined): string {
  if (keys === undefined) return "*";
  const agents = model.agents.filter((a) => keys.includes(a.key));
  return agents.flatMap((a) => agentKeys(a).map((d) => d.key)).join(",");
}

function routeWays(model: Model, trunks: readonly Carrying[]): Row[] {
  return model.edge.outbound_routes.flatMap((route, i) =>
    wayRows(
      `route ${i}`,
      route.via.flatMap((id) => trunks.filter((t) => t.id === id)),
      model.edge.network,
    ),
  );
}

/** One row for each priority of each trunk, in order; without targets for one whose PBX registers. */
function wayRows(name: string, trunks: readonly Carrying[], { carrier }: NetworkModel): Row[] {
  const tiers = trunks.flatMap((trunk) => {
    if (goesToContact(trunk)) return [{ trunk, targets: [] }];
    const reachable = trunk.outbound.targets.filter((t) => carrier[t.transport] !== undefined);
    return [...new Set(reachable.map((t) => t.priority))]
      .sort((a, b) => a - b)
      .map((priority) => ({ trunk, targets: reachable.filter((t) => t.priority === priority) }));
  });
  return tiers.map(({ trunk, targets }, n) => {
    let sum = 0;
    const weighted = targets.flatMap((t) => {
      sum += t.weight;
      return [sum, hostOf(t)];
    });
    return {
      key: `${name}:${n}`,
      value: (targets.length === 0
        ? [trunk.id, 0, 1, 1, "-"]
        : [trunk.id, targets.length, sum, ...weighted]
      ).join(separator),
      at: targets[0]?.at ?? trunk.outbound.at,
    };
  });
}

/** Without port and transport, DNS may say by NAPTR too which records name the hosts (RFC 3263 section 4.1). */
function hostOf({ host, port, transport }: OutboundTarget): string {
  const shown = bracketed(host);
  if (port === undefined && transport === "udp") return shown;
  return `${shown}${port === undefined ? "" : `:${port}`};transport=${transport}`;
}

function outRow({ id, outbound: o, number_plan: p, caller_id }: Carrying): Row {
  const none = "*";
  return {
    key: id,
    value: [
      o.number_format,
      p?.calling_code ?? none,
      p?.international_prefix ?? "00",
      p?.national_prefix || none,
      o.user_phone ? "user=phone" : none,
      o.caller_id ?? none,
      caller_id.source,
      o.auth?.username ?? none,
      o.auth?.realm ?? none,
    ].join(separator),
    at: join(o.at),
  };
}

function uniqueRows(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((r) => [r.key, r])).values()];
}
