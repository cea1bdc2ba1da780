/** Peers over TLS: what their certificates are for, and which connections are proved. */
import { bracketed } from "../../../core/host.ts";
import { join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import type { Row, Switches, Table } from "../doc.ts";
import { isAddress } from "./sources.ts";
import { bitsFor, stored } from "./stored.ts";

interface Carrier {
  readonly at: string;
  readonly host: string;
  readonly port?: number;
}

/** Where calls of a trunk go over TLS, and its registrar. */
export function carriersOverTls({ outbound }: TrunkModel): readonly Carrier[] {
  if (outbound === undefined) return [];
  const { targets, register } = outbound;
  const registrar = register === undefined ? [] : [{ at: register.at, ...register.registrar }];
  return [...targets, ...registrar].filter((c) => c.transport === "tls");
}

/** Longer than a connection without traffic lasts. */
const connectionLifetime = 3700;
/** Two rounds of the timer that asks carriers. */
const silence = 12;

/** What the script keeps of TLS. */
export function tlsTables(model: Model, has: Switches): Table[] {
  const agents = has.tlsAgents ? agentRows(model) : [];
  const names = has.tlsCarriers ? model.trunks.flatMap(nameRows) : [];
  const hosts = has.tlsOutbound ? hostRows(model.trunks) : [];
  return [
    ...(has.certificates
      ? [stored("certificate", "trunk of a name in a client's certificate", certificateRows(model.trunks))]
      : []),
    ...(has.tlsAgents
      ? [
          stored(
            "tls_name",
            "hosts that certificates of agents are for: the port of a name, 0 for an address",
            agents,
          ),
        ]
      : []),
    ...(has.tlsCarriers
      ? [
          stored(
            "tls_carrier",
            "hosts that certificates of a trunk's carriers are for, and the first one",
            names,
          ),
        ]
      : []),
    ...(has.tlsOutbound ? [stored("tls_host", "carriers that are kept connected: trunks", hosts)] : []),
    ...(has.tlsAgents || has.tlsCarriers
      ? [
          {
            name: "tls_peer",
            about: "connections whose certificate is the right one",
            bits: bitsFor(2 * agents.length + 4 * names.length),
            ...(has.tlsCarriers ? { expire: connectionLifetime } : {}),
          },
          { name: "tls_silent", about: "peers that were asked in vain", bits: 6, expire: silence },
        ]
      : []),
  ];
}

function certificateRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, auth }): Row[] =>
    auth.type === "client_certificate" ? [{ key: auth.name, value: id, at: auth.at }] : [],
  );
}

function agentRows({ agents }: Model): Row[] {
  const rows = new Map<string, Row>();
  for (const agent of agents)
    for (const { host, port, transport, at } of agent.targets)
      if (transport === "tls") rows.set(host, { key: host, value: isAddress(host) ? 0 : port, at });
  return [...rows.values()];
}

/** The hosts of a trunk, and for each name the wildcard that covers it. */
function nameRows(trunk: TrunkModel): Row[] {
  const { id, auth } = trunk;
  const known: readonly Carrier[] = [
    ...carriersOverTls(trunk),
    ...(auth.type === "client_certificate" ? [{ at: join(auth.at, "name"), host: auth.name }] : []),
  ];
  const rows = new Map<string, Row>();
  const first = known.find(({ host }) => !isAddress(host));
  if (first !== undefined) rows.set(id, { key: id, value: first.host, at: first.at });
  for (const { host, at } of known)
    for (const name of isAddress(host) ? [host] : [host, `*.${host.split(".").slice(1).join(".")}`])
      rows.set(`${id}:${name}`, { key: `${id}:${name}`, value: 1, at });
  return [...rows.values()];
}

/** A carrier that several trunks have names all of them. */
function hostRows(trunks: readonly TrunkModel[]): Row[] {
  const found = new Map<string, { readonly at: string; readonly trunks: Set<string> }>();
  for (const trunk of trunks)
    for (const { host, port, at } of carriersOverTls(trunk)) {
      const shown = bracketed(host);
      const key = port === undefined ? shown : `${shown}:${port}`;
      const entry = found.get(key) ?? { at, trunks: new Set() };
      entry.trunks.add(trunk.id);
      found.set(key, entry);
    }
  return [...found].map(([key, entry]) => ({ key, value: [...entry.trunks].join(","), at: entry.at }));
}
