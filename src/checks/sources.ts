/** The networks of trunks and agents; those of trunks in order, so that what lies inside what is found in one pass. */
import type { IpNetwork, Model, TrunkModel } from "../model/model.ts";
import { addressKey } from "./addresses.ts";

export interface Source {
  readonly trunk: TrunkModel;
  readonly network: IpNetwork;
}

export interface Nesting {
  readonly inner: Source;
  /** The narrowest network around it that stands elsewhere. */
  readonly outer: Source;
}

/** The networks of every allowlist: those of trunks, and those from which agents may place calls. */
export function allowedNetworks(model: Model): IpNetwork[] {
  return [
    ...model.trunks.flatMap(({ auth }) => (auth.type === "ip_allowlist" ? auth.networks : [])),
    ...model.agents.flatMap((agent) => agent.allowed_ips),
  ];
}

/** Pairs of networks where one lies inside the other or is the same; linear but for the sorting. */
export function nestings(model: Model): Nesting[] {
  const sources = model.trunks.flatMap((trunk) =>
    trunk.auth.type === "ip_allowlist" ? trunk.auth.networks.map((network) => ({ trunk, network })) : [],
  );
  const keyed = sources.map((source) => ({ source, key: bits(source.network) }));
  // A network sorts before what lies inside it, because its bits are a prefix of theirs.
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const around: typeof keyed = [];
  const found: Nesting[] = [];
  for (const entry of keyed) {
    while (around.length > 0 && !entry.key.startsWith(around.at(-1)?.key ?? "")) around.pop();
    const outer = around.at(-1);
    if (outer !== undefined) found.push({ inner: entry.source, outer: outer.source });
    around.push(entry);
  }
  return found;
}

/** The network's bits as text, the family before them. */
function bits({ address, prefix, family }: IpNetwork): string {
  const binary = [...addressKey(address, family)].map((digit) =>
    Number.parseInt(digit, 16).toString(2).padStart(4, "0"),
  );
  return `${family}${binary.join("").slice(0, prefix)}`;
}
