/** Which parts of the script a Model needs. */
import type { Model, RouteModel, TrunkModel } from "../../../model/model.ts";
import type { Switches } from "../doc.ts";
import { opusOf } from "./codecs.ts";
import { readsHeaders } from "./identity.ts";
import { carrying, diallingDigests, mayRegister } from "./registrar.ts";
import type { RegistrationTables } from "./registration.ts";
import type { RouteTables } from "./routes.ts";
import { isAddress } from "./sources.ts";
import { isUsual } from "./tables.ts";
import { carriersOverTls } from "./tls.ts";

export function lowerSwitches(
  model: Model,
  routes: RouteTables,
  registrations: RegistrationTables,
  more: { readonly cidr: boolean; readonly agentNetworks: boolean; readonly transcodes: boolean },
): Switches {
  const { network } = model.edge;
  const trunks = model.trunks;
  const carriers = trunks.flatMap(carrying);
  const targets = model.agents.flatMap((a) => a.targets);
  const { cidr, agentNetworks, transcodes } = more;
  const agentDigests = diallingDigests(model).map((a) => a.auth);
  const digests = trunks.flatMap((t) => (t.auth.type === "digest" ? [t.auth] : []));
  const some = (values: readonly unknown[]): boolean => values.some((v) => v !== undefined);
  const plan = some(trunks.map((t) => t.number_plan));
  const sources = trunks.some(readsHeaders);
  const someRoute = (test: (route: RouteModel) => boolean): boolean =>
    trunks.some((t) => t.routes.some(test));
  const tls = some([network.carrier.tls, network.agents.tls]);
  return {
    tcp: some([network.carrier.tcp, network.agents.tcp]) || tls,
    tls,
    tlsAgents: network.agents.tls !== undefined && targets.some((t) => t.transport === "tls"),
    tlsNames:
      network.agents.tls !== undefined && targets.some((t) => t.transport === "tls" && !isAddress(t.host)),
    tlsCarriers: network.carrier.tls !== undefined,
    tlsOutbound: network.carrier.tls !== undefined && trunks.some((t) => carriersOverTls(t).length > 0),
    tlsRegistrars: registrations.secure,
    certificates: trunks.some((t) => t.auth.type === "client_certificate"),
    cidr,
    digest: digests.length > 0,
    agentDigest: agentDigests.length > 0,
    agentRealms: new Set(agentDigests.map((d) => d.realm)).size > 1,
    agentNetworks,
    realms: new Set(digests.map((d) => d.realm)).size > 1,
    mixedAlgorithms: new Set([...digests, ...agentDigests].map((d) => d.algorithm)).size > 1,
    numbers: routes.places || plan || someRoute((r) => r.match.to_number !== undefined),
    places: routes.places,
    grouped: routes.grouping !== undefined,
    dense: routes.blocks !== undefined,
    rules: routes.rules.length > 0,
    callers: someRoute(({ match: m }) => m.caller !== undefined || m.caller_prefix !== undefined),
    plan,
    identity: plan || sources,
    sources,
    variables: trunks.some((t) => t.inbound_headers.length > 0),
    headersOut: carriers.some((t) => t.outbound_headers.length > 0),
    outbound: carriers.length > 0,
    outboundRoutes: model.edge.outbound_routes.length > 0,
    forwards:
      carriers.length > 0 &&
      trunks.some((t) => t.routes.some((r) => r.destinations.some((d) => d.type === "forward"))),
    outboundNames:
      registrations.learned ||
      trunks.some((t) => t.outbound?.targets.some((target) => !isAddress(target.host))),
    registrar: trunks.some(mayRegister),
    registrations: registrations.register.length > 0,
    learnedRegistrars: registrations.learned,
    contactUsers: registrations.contactUsers,
    contactsAmongSources: registrations.amongSources,
    limits:
      network.rtp_reserve !== undefined ||
      some(
        trunks.flatMap(({ limits: l }) =>
          [l, l.inbound, l.outbound].flatMap(({ calls, calls_per_second }) => [calls, calls_per_second]),
        ),
      ),
    reserve: network.rtp_reserve !== undefined,
    paced: some(carriers.flatMap(({ limits: l }) => [l.calls_per_second, l.outbound.calls_per_second])),
    ends:
      some(trunks.flatMap(({ limits: l }) => [l.call_minutes, l.media_timeout])) ||
      trunks.some((t) => t.dtmf === "info"),
    dtmf: trunks.some((t) => t.dtmf !== "auto"),
    digitsOut: trunks.some((t) => t.dtmf === "info"),
    refer: trunks.some((t) => t.refer === "pass"),
    directions: trunks.some(({ limits: l }) =>
      some([l.inbound, l.outbound].flatMap(({ calls, calls_per_second }) => [calls, calls_per_second])),
    ),
    responses: trunks.some((t) => !isUsual(t.limits.response)),
    refusals: routes.chains.some(({ key, value }) => key.endsWith(":0") && /^0\^\d/.test(`${value}`)),
    failover: trunks.some((t) => t.failover.continue_on.length + t.failover.stop_on.length > 0),
    ring: someRoute((r) => r.ring_timeout !== undefined),
    transcode: transcodes,
    rates: transcodes && some(trunks.map(opusOf)),
    srtp: [...trunks, ...model.agents].some((side) => side.media_encryption !== "disabled"),
    sessionTimers: some(trunks.map((t) => t.session_timer)),
    ...usualInterval(trunks),
    nat: trunks.some((t) => t.nat) || model.agents.some((a) => a.nat),
    agentUsers: some(targets.map((t) => t.user)),
    hostAgents: targets.some((t) => !isAddress(t.host)),
    families: network.bind.v4 !== undefined && network.bind.v6 !== undefined,
    // Where both sides share an address, strangers can reach the agents' media ports too.
    block: network.agents.address === network.bind.v4 || network.agents.address === network.bind.v6,
  };
}

function usualInterval(trunks: readonly TrunkModel[]): { readonly usualInterval?: number } {
  const [first, ...others] = new Set(trunks.map((t) => t.session_timer?.expires));
  return first === undefined || others.length > 0 ? {} : { usualInterval: first };
}
