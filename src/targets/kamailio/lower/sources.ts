/** Who may speak on each side: the addresses of trunks and of agents. */
import type { JsonPointer } from "../../../core/pointer.ts";
import type { AgentModel, IpNetwork, TrunkModel } from "../../../model/model.ts";
import type { NetworkRow, Row } from "../doc.ts";

export interface Sources {
  /** Single addresses → trunk. */
  readonly acl: readonly Row[];
  /** Wider networks → trunk. */
  readonly networks: readonly NetworkRow[];
  /** Wider networks of agents → how the tables name them. */
  readonly agentNetworks: readonly NetworkRow[];
}

export function lowerSources(trunks: readonly TrunkModel[], agents: readonly AgentModel[]): Sources {
  const acl: Row[] = [];
  const networks: NetworkRow[] = [];
  for (const trunk of trunks) {
    if (trunk.auth.type !== "ip_allowlist") continue;
    for (const { at, address, prefix, family } of trunk.auth.networks) {
      if (prefix === (family === 4 ? 32 : 128))
        acl.push(...keysOf(address).map((key) => ({ key, value: trunk.id, at })));
      else networks.push({ at, address, prefix, tag: trunk.id });
    }
  }
  const wide = agents.flatMap((agent) =>
    agent.allowed_ips
      .filter((n) => !isSingle(n))
      .map((n): NetworkRow => ({ at: n.at, address: n.address, prefix: n.prefix, tag: networkKey(n) })),
  );
  return { acl, networks, agentNetworks: [...new Map(wide.map((row) => [row.tag, row])).values()] };
}

/** What the tables know an agent by: its single addresses, its networks, and `@` and its key where it has a password. */
export function agentKeys(agent: AgentModel): { readonly key: string; readonly at: JsonPointer }[] {
  return [
    ...agent.targets.filter((t) => isAddress(t.host)).map((t) => ({ key: t.host, at: t.at })),
    ...agent.allowed_ips.map((n) => ({ key: isSingle(n) ? n.address : networkKey(n), at: n.at })),
    ...(agent.auth === undefined ? [] : [{ key: `@${agent.key}`, at: agent.auth.at }]),
  ];
}

const isSingle = ({ prefix, family }: IpNetwork): boolean => prefix === (family === 4 ? 32 : 128);

const networkKey = ({ address, prefix }: IpNetwork): string => `${address}/${prefix}`;

/**
 * Agents by what the tables know them by. Literal addresses say who may speak on the agent side, and where requests within a call
 * may go; no host is written as the other names are.
 */
export function lowerPeers(agents: readonly AgentModel[]): Row[] {
  const rows = new Map<string, Row>();
  for (const agent of agents)
    for (const { key: name, at } of agentKeys(agent))
      if (!rows.has(name)) for (const key of namesOf(name)) rows.set(key, { key, value: agent.id, at });
  return [...rows.values()];
}

const namesOf = (name: string): readonly string[] =>
  isAddress(name) && !/[@/]/.test(name) ? keysOf(name) : [name];

/** What the script knows an address by: as the source of a message, and as the host of a URI, where IPv6 stands in brackets. */
export function keysOf(address: string): readonly string[] {
  return address.includes(":") ? [address, `[${address}]`] : [address];
}

/** Whether a host of the Model is a literal address; host names have no colon and do not end in a number. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
}
