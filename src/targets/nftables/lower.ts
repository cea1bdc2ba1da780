/** From the Model to what the firewall decides. */
import { isIP } from "node:net";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { ok, type Result } from "../../core/result.ts";
import type { IpNetwork, Model, NetworkModel } from "../../model/model.ts";
import { carriersOf, registrarOf } from "./carriers.ts";
import type { AllowedGroup, NftablesDoc, Rate, Side, Socket } from "./doc.ts";
import { diallers, openToAll } from "./open.ts";

/** rtpengine's control sockets on loopback: ng and the command line. */
const controlPorts = [2223, 2224] as const;

/** A call is about eight packets from one side; a source that has more to send than this is no PBX. */
const defaultRate = { packetsPerSecond: 200, connectionsPerSecond: 20 } as const;
const packetsPerCall = 20;

export function lower(model: Model): Result<NftablesDoc> {
  const { network, name } = model.edge;
  const doc: NftablesDoc = {
    edge: name,
    table: `crew_${name}`,
    media: {
      at: join(network.at, "rtp"),
      addresses: [...new Set([...carrierAddresses(network), network.agents.address])],
      first: network.rtp[0],
      last: network.rtp[1],
    },
    control: controlPorts,
    sides: [carrierSide(model), agentSide(model)],
  };
  return ok(doc, openToAll(model, doc));
}

function carrierSide(model: Model): Side {
  const { network } = model.edge;
  const digest = model.trunks.filter((trunk) => trunk.auth.type === "digest");
  const named = model.trunks.some((t) => carriersOf(t).some(({ host }) => isIP(host) === 0));
  const certificates = model.trunks.some((trunk) => trunk.auth.type === "client_certificate");
  const calls = digest.reduce((sum, trunk) => sum + (trunk.limits.calls_per_second ?? 0), 0);
  const { tls } = network.carrier;
  const open =
    digest.length > 0 || named
      ? { open: rateFor(calls) }
      : certificates && tls !== undefined
        ? { open: { ...rateFor(0), port: tls } }
        : {};
  return {
    name: "carrier",
    set: "trunk",
    sockets: sockets(network, "carrier", carrierAddresses(network)),
    allowed: model.trunks.flatMap((trunk): AllowedGroup[] => [
      ...(trunk.auth.type === "ip_allowlist"
        ? [{ property: `${trunk.id} › auth › allowed_ips`, networks: trunk.auth.networks }]
        : []),
      ...(trunk.outbound === undefined
        ? []
        : [{ property: `${trunk.id} › outbound › uri`, networks: singles(trunk.outbound.targets) }]),
      ...registrarOf(trunk).map((registrar) => ({
        property: `${trunk.id} › outbound › register`,
        networks: singles([registrar]),
      })),
    ]),
    ...open,
  };
}

function agentSide(model: Model): Side {
  const { network } = model.edge;
  const named = model.agents.some((agent) => agent.targets.some((target) => isIP(target.host) === 0));
  return {
    name: "agents",
    set: "agent",
    sockets: sockets(network, "agents", [network.agents.address]),
    allowed: model.agents.map((agent) => ({
      property: `agents › ${agent.key}`,
      networks: [...singles(agent.targets), ...agent.allowed_ips],
    })),
    ...(named || diallers(model).length > 0 ? { open: rateFor(0) } : {}),
  };
}

/** The literal addresses of targets, as networks. */
function singles(targets: readonly { readonly at: JsonPointer; readonly host: string }[]): IpNetwork[] {
  return targets.flatMap(({ at, host: address }) => {
    const family = isIP(address);
    return family === 4 || family === 6 ? [{ at, family, address, prefix: family === 4 ? 32 : 128 }] : [];
  });
}

function rateFor(callsPerSecond: number): Rate {
  return {
    ...defaultRate,
    packetsPerSecond: Math.max(defaultRate.packetsPerSecond, Math.ceil(packetsPerCall * callsPerSecond)),
  };
}

function carrierAddresses({ bind }: NetworkModel): string[] {
  return [bind.v4, bind.v6].filter((address) => address !== undefined);
}

function sockets(network: NetworkModel, side: "carrier" | "agents", addresses: readonly string[]): Socket[] {
  return (["udp", "tcp", "tls"] as const).flatMap((transport) => {
    const port = network[side][transport];
    if (port === undefined) return [];
    const at = join(network.at, side, transport);
    const property = `network › ${side} › ${transport}`;
    const protocol = transport === "udp" ? "udp" : "tcp";
    return addresses.map((address) => ({ at, property, protocol, address, port }));
  });
}
