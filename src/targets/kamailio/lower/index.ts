/** Model → KamailioDoc. */

import { join } from "../../../core/pointer.ts";
import { ok, type Result } from "../../../core/result.ts";
import type { Model, NetworkModel } from "../../../model/model.ts";
import type { KamailioDoc, Row, Table } from "../doc.ts";
import { lowerAgents } from "./agents.ts";
import { lowerRoutes, separator } from "./routes.ts";
import { lowerListeners } from "./sockets.ts";
import { isAddress, lowerPeers, lowerSources } from "./sources.ts";
import { unserved } from "./unserved.ts";

export function lower(model: Model): Result<KamailioDoc> {
  const { network } = model.edge;
  const sources = lowerSources(model.trunks);
  const agents = lowerAgents(model.agents);
  const routes = lowerRoutes(model.trunks, {
    agents: new Map(model.agents.map((a) => [a.key, a])),
    sets: agents.sets,
  });
  const plans = model.trunks.flatMap(({ id, at, number_plan: p }): Row[] =>
    p === undefined
      ? []
      : [{ key: id, value: [p.calling_code, p.international_prefix, p.national_prefix].join(separator), at }],
  );
  const limits = model.trunks.flatMap(({ id, at, limits: l }): Row[] => [
    ...(l.calls === undefined
      ? []
      : [{ key: `${id}:calls`, value: l.calls, at: join(at, "limits", "calls") }]),
    ...(l.calls_per_second === undefined
      ? []
      : [{ key: `${id}:cps`, value: l.calls_per_second, at: join(at, "limits", "calls_per_second") }]),
  ]);
  const digests = model.trunks.filter((t) => t.auth.type === "digest");
  const targets = model.agents.flatMap((a) => a.targets);
  const callers = model.trunks.some((t) =>
    t.routes.some((r) => r.match.caller !== undefined || r.match.caller_prefix !== undefined),
  );
  const has = {
    tcp: network.carrier.tcp !== undefined || network.agents.tcp !== undefined,
    cidr: sources.networks.length > 0,
    digest: digests.length > 0,
    numbers: routes.routes.some((r) => r.key.includes(":n:")) || routes.rules.length > 0,
    users: routes.routes.some((r) => r.key.includes(":u:")),
    rules: routes.rules.length > 0,
    callers,
    plan: plans.length > 0,
    limits: limits.length > 0,
    ring: routes.ring,
    agentUsers: targets.some((t) => t.user !== undefined),
    hostAgents: targets.some((t) => !isAddress(t.host)),
  };
  const tables: Table[] = [
    { name: "acl", about: "trunk of a source address", bits: bitsFor(sources.acl.length), rows: sources.acl },
    { name: "peer", about: "addresses of agents", bits: 8, rows: lowerPeers(model.agents) },
    {
      name: "route",
      about: "exact entries of a trunk: place ^ chain",
      bits: bitsFor(routes.routes.length),
      rows: routes.routes,
    },
    {
      name: "chain",
      about: "destinations in order",
      bits: bitsFor(routes.chains.length),
      rows: routes.chains,
    },
    ...(has.rules
      ? [
          {
            name: "rule",
            about: "rules with conditions",
            bits: bitsFor(routes.rules.length),
            rows: routes.rules,
          },
        ]
      : []),
    ...(has.plan ? [{ name: "plan", about: "number plan of a trunk", bits: 6, rows: plans }] : []),
    { name: "answered", about: "when a call was answered", bits: 13, expire: 86400 },
    ...(has.limits
      ? [
          { name: "limit", about: "limits of a trunk", bits: 6, rows: limits },
          { name: "count", about: "calls of a trunk now", bits: 6, counter: true },
          { name: "rate", about: "new calls of a trunk in a second", bits: 8, counter: true, expire: 3 },
          { name: "live", about: "calls that count, and for which trunk", bits: 13, expire: 86400 },
        ]
      : []),
    ...(has.digest
      ? [
          {
            name: "digest",
            about: "trunks with a password",
            bits: 6,
            rows: digests.map((t) => ({
              key: t.id,
              value: 1,
              at: t.auth.type === "digest" ? t.auth.at : t.at,
            })),
          },
          {
            name: "unproven",
            about: "messages of a stranger in a second",
            bits: 12,
            counter: true,
            expire: 3,
          },
        ]
      : []),
  ];
  return ok(
    {
      line: model.edge.engine,
      edge: model.edge.name,
      has,
      listeners: lowerListeners(network),
      aliases:
        network.hostname === undefined ? [] : [{ at: join(network.at, "hostname"), host: network.hostname }],
      identityHost: network.hostname ?? bracketed(publicAddress(network)),
      agentsHost: bracketed(network.agents.address),
      tables,
      networks: sources.networks,
      dispatcher: agents.rows,
    },
    unserved(model),
  );
}

/** Slots for about one row each, at least 64: keys that follow each other do not spread evenly, so never fewer. */
function bitsFor(rows: number): number {
  return Math.min(20, Math.max(6, Math.ceil(Math.log2(Math.max(1, rows))) + 1));
}

function publicAddress(network: NetworkModel): string {
  return network.public.v4 ?? network.public.v6 ?? network.agents.address;
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
