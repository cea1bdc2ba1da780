/** Who may speak on each side: the addresses of trunks and of agents. */
import type { AgentModel, TrunkModel } from "../../../model/model.ts";
import type { NetworkRow, Row } from "../doc.ts";

export interface Sources {
  /** Single addresses → trunk. */
  readonly acl: readonly Row[];
  /** Wider networks → trunk. */
  readonly networks: readonly NetworkRow[];
}

export function lowerSources(trunks: readonly TrunkModel[]): Sources {
  const acl: Row[] = [];
  const networks: NetworkRow[] = [];
  for (const trunk of trunks) {
    if (trunk.auth.type !== "ip_allowlist") continue;
    for (const { at, address, prefix, family } of trunk.auth.networks) {
      if (prefix === (family === 4 ? 32 : 128))
        acl.push(...keysOf(address).map((key) => ({ key, value: trunk.id, at })));
      else networks.push({ at, address, prefix, trunk: trunk.id });
    }
  }
  return { acl, networks };
}

/** Literal addresses of agents: who may speak on the agent side, and where requests within a call may go. */
export function lowerPeers(agents: readonly AgentModel[]): Row[] {
  const rows = new Map<string, Row>();
  for (const agent of agents) {
    for (const target of agent.targets) {
      if (!isAddress(target.host) || rows.has(target.host)) continue;
      for (const key of keysOf(target.host)) rows.set(key, { key, value: agent.id, at: target.at });
    }
    for (const { address, prefix, family, at } of agent.allowed_ips)
      if (prefix === (family === 4 ? 32 : 128) && !rows.has(address))
        for (const key of keysOf(address)) rows.set(key, { key, value: agent.id, at });
  }
  return [...rows.values()];
}

/** What the script knows an address by: as the source of a message, and as the host of a URI, where IPv6 stands in brackets. */
export function keysOf(address: string): readonly string[] {
  return address.includes(":") ? [address, `[${address}]`] : [address];
}

/** Whether a host of the Model is a literal address; host names have no colon and do not end in a number. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
}
