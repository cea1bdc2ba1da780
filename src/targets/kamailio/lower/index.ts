/** Model → KamailioDoc. */
import { bracketed } from "../../../core/host.ts";
import { join } from "../../../core/pointer.ts";
import { ok, type Result } from "../../../core/result.ts";
import type { CodecName, Model, NetworkModel } from "../../../model/model.ts";
import type { KamailioDoc } from "../doc.ts";
import { lowerAgents } from "./agents.ts";
import { lowerOutbound } from "./outbound.ts";
import { carrying, diallingDigests } from "./registrar.ts";
import { lowerRegistrations } from "./registration.ts";
import { lowerRoutes } from "./routes.ts";
import { lowerListeners } from "./sockets.ts";
import { lowerSources } from "./sources.ts";
import { lowerSwitches } from "./switches.ts";
import { lowerTables } from "./tables.ts";
import { unserved } from "./unserved.ts";

export function lower(model: Model): Result<KamailioDoc> {
  const { network } = model.edge;
  const sources = lowerSources(model.trunks, model.agents);
  const agents = lowerAgents(model.agents, network);
  const routes = lowerRoutes(model.trunks, {
    agents: new Map(model.agents.map((a) => [a.key, a])),
    sets: agents.sets,
    carriers: new Set(model.trunks.flatMap(carrying).map((t) => t.id)),
    line: model.edge.engine,
  });
  const listeners = lowerListeners(network);
  const registrations = lowerRegistrations(model, listeners);
  const outbound = lowerOutbound(model);
  const has = lowerSwitches(model, routes, registrations, {
    cidr: sources.networks.length + sources.agentNetworks.length > 0,
    agentNetworks: sources.agentNetworks.length > 0,
    transcodes: routes.transcodes || outbound.transcodes,
  });
  const digest = model.trunks.flatMap((t) => (t.auth.type === "digest" ? [t.auth] : []))[0];
  const agentDigest = diallingDigests(model)[0]?.auth;
  const codecs = new Set<CodecName>(model.trunks.flatMap((t) => t.codecs.map((c) => c.name)));
  const universal = (["PCMU", "PCMA", "G722"] as const).find((c) => everywhere(model, c));
  return ok(
    {
      line: model.edge.engine,
      edge: model.edge.name,
      has,
      listeners,
      ...(has.tls ? lowerTls(network) : {}),
      aliases:
        network.hostname === undefined ? [] : [{ at: join(network.at, "hostname"), host: network.hostname }],
      identityHost: network.hostname ?? bracketed(publicAddress(network)),
      agentsHost: bracketed(network.agents.address),
      codecs: (["PCMU", "PCMA", "G722", "opus"] as const).filter((c) => codecs.has(c)),
      ...(universal === undefined ? {} : { universal }),
      ...(digest === undefined ? {} : { realm: digest.realm, algorithm: digest.algorithm }),
      ...(agentDigest === undefined
        ? {}
        : { agentRealm: agentDigest.realm, agentAlgorithm: agentDigest.algorithm }),
      ...(routes.grouping === undefined ? {} : { grouping: routes.grouping }),
      ...(routes.blocks === undefined ? {} : { codeWidth: routes.blocks.width }),
      ruleFields: routes.ruleFields,
      ...clockOf(model),
      tables: lowerTables(model, has, { acl: sources.acl, routes, outbound, registrations }),
      networks: sources.networks,
      agentNetworks: sources.agentNetworks,
      dispatcher: agents.rows,
    },
    [...registrations.diagnostics, ...unserved(model)],
  );
}

/** Over which years the clocks of the time zones go, all the same ones. */
function clockOf({ time_zones }: Model): Pick<KamailioDoc, "clock"> {
  const [years] = time_zones.map((zone) => zone.years);
  const [first] = years ?? [];
  return years === undefined || first === undefined
    ? {}
    : { clock: { first: first.year, cycle: years.length } };
}

/** Whether all trunks and all agents that have a list of their own have a codec, and pass it on. */
function everywhere(model: Model, codec: CodecName): boolean {
  return (
    model.trunks.every((t) => t.transcode !== "always" && t.codecs.some((c) => c.name === codec)) &&
    model.agents.every((a) => a.codecs === undefined || a.codecs.includes(codec))
  );
}

function lowerTls({ tls }: NetworkModel): Pick<KamailioDoc, "tls"> {
  if (tls === undefined) return {};
  const { at, certificate, private_key: privateKey, ca } = tls;
  return { tls: { at, certificate, privateKey, ...(ca === undefined ? {} : { ca }) } };
}

function publicAddress(network: NetworkModel): string {
  return network.public.v4 ?? network.public.v6 ?? network.agents.address;
}
