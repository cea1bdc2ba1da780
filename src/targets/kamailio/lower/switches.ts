/** Which parts of the script a Model needs. */
import type { Model } from "../../../model/model.ts";
import type { Switches } from "../doc.ts";
import type { RegistrationTables } from "./registration.ts";
import type { RouteTables } from "./routes.ts";
import { isAddress } from "./sources.ts";

export function lowerSwitches(
  model: Model,
  routes: RouteTables,
  registrations: RegistrationTables,
  cidr: boolean,
): Switches {
  const { network } = model.edge;
  const trunks = model.trunks;
  const all = trunks.flatMap((t) => t.routes);
  const targets = model.agents.flatMap((a) => a.targets);
  const digests = trunks.flatMap((t) => (t.auth.type === "digest" ? [t.auth] : []));
  const some = (values: readonly unknown[]): boolean => values.some((v) => v !== undefined);
  return {
    tcp: network.carrier.tcp !== undefined || network.agents.tcp !== undefined,
    cidr,
    digest: digests.length > 0,
    realms: new Set(digests.map((d) => d.realm)).size > 1,
    mixedAlgorithms: new Set(digests.map((d) => d.algorithm)).size > 1,
    numbers: routes.places || some(all.map((r) => r.match.to_number)),
    places: routes.places,
    grouped: routes.grouping !== undefined,
    rules: routes.rules.length > 0,
    callers: some(all.flatMap((r) => [r.match.caller, r.match.caller_prefix])),
    plan: some(trunks.map((t) => t.number_plan)),
    outbound: trunks.some((t) => t.outbound !== undefined),
    outboundRoutes: model.edge.outbound_routes.length > 0,
    forwards:
      trunks.some((t) => t.outbound !== undefined) &&
      trunks.some((t) => t.routes.some((r) => r.destinations.some((d) => d.type === "forward"))),
    outboundNames:
      registrations.learned ||
      trunks.some((t) => t.outbound?.targets.some((target) => !isAddress(target.host))),
    registrations: registrations.register.length > 0,
    learnedRegistrars: registrations.learned,
    contactUsers: registrations.contactUsers,
    contactsAmongSources: registrations.amongSources,
    limits: some(trunks.flatMap((t) => [t.limits.calls, t.limits.calls_per_second])),
    ring: some(all.map((r) => r.ring_timeout)),
    nat: trunks.some((t) => t.nat) || model.agents.some((a) => a.nat),
    agentUsers: some(targets.map((t) => t.user)),
    hostAgents: targets.some((t) => !isAddress(t.host)),
    // Where both sides share an address, strangers can reach the agents' media ports too.
    block: network.agents.address === network.bind.v4 || network.agents.address === network.bind.v6,
  };
}
