/** Everything that Kamailio keeps in shared memory. */
import { type JsonPointer, join } from "../../../core/pointer.ts";
import { roomIn } from "../../../model/media-ports.ts";
import type { LimitPair, Model, NetworkModel, TrunkModel } from "../../../model/model.ts";
import type { Row, Switches, Table } from "../doc.ts";
import { opusOf } from "./codecs.ts";
import { clockRows } from "./conditions.ts";
import { templateRows, variableRows } from "./headers.ts";
import { identityRows } from "./identity.ts";
import type { OutboundTables } from "./outbound.ts";
import { diallingDigests } from "./registrar.ts";
import type { RegistrationTables } from "./registration.ts";
import type { RouteTables } from "./routes.ts";
import { separator } from "./separator.ts";
import { lowerPeers } from "./sources.ts";
import { bitsFor, stored } from "./stored.ts";
import { tlsTables } from "./tls.ts";

// Longer than any call, so that what a lost BYE left behind goes too.
const longestCall = 86_400;

/** What the features of the target want kept. */
export interface Lowered {
  readonly acl: readonly Row[];
  readonly routes: RouteTables;
  readonly outbound: OutboundTables;
  readonly registrations: RegistrationTables;
}

export function lowerTables(model: Model, has: Switches, lowered: Lowered): Table[] {
  const { acl, routes, outbound, registrations } = lowered;
  const { trunks } = model;
  const always: Table[] = [
    stored("acl", "trunk of a source address", acl),
    stored("peer", "addresses of agents", lowerPeers(model.agents)),
    routeTable(routes),
    ...blockTables(routes),
    stored("chain", "what a route tries, in order", routes.chains),
    {
      name: "noted",
      about: "what requests of a caller within the call have, by tags",
      bits: 11,
      expire: 600,
    },
    { name: "ended", about: "calls that a BYE has ended", bits: 11, counter: true, expire: 40 },
    { name: "sealed", about: "Contacts of late, and how they are sealed", bits: 6, expire: 60 },
  ];
  return [
    ...always,
    ...(has.rules
      ? [
          stored("rule", "rules of a trunk with further conditions, in order", routes.rules),
          ...conditionTables(routes, model.time_zones),
        ]
      : []),
    ...(has.plan ? [stored("plan", "how national numbers of a trunk become E.164", planRows(trunks))] : []),
    ...(has.sources
      ? [stored("identity", "headers that a trunk's callers are read from", identityRows(trunks))]
      : []),
    ...headerTables(trunks, has),
    ...(has.nat ? [stored("nat", "trunks whose media address is learned", natRows(trunks))] : []),
    ...(has.outbound ? outboundTables(outbound, has) : []),
    ...(has.rates ? [stored("opus", "Opus as a trunk asks for it", rateRows(trunks))] : []),
    ...(has.srtp
      ? [stored("keys", "SRTP of a trunk: a allowed, r required; 1 keys in clear", keyRows(trunks))]
      : []),
    ...(has.registrations ? registrationTables(registrations) : []),
    ...(has.sessionTimers
      ? [stored("timer", "session timer of a trunk: Session-Expires ^ Min-SE", timerRows(trunks))]
      : []),
    ...(has.limits ? limitTables(model) : []),
    ...(has.ends
      ? [stored("over", "seconds a call of a trunk may last / be without media, 0 for ever", endRows(trunks))]
      : []),
    ...(has.dtmf
      ? [stored("dtmf", "digits of a trunk: 1 cross as telephone events, 2 as INFO", dtmfRows(trunks))]
      : []),
    ...(has.digitsOut
      ? [{ name: "clocked", about: "last CSeq of a call's agent", bits: 12, expire: longestCall }]
      : []),
    ...(has.refer
      ? [
          stored(
            "refer",
            "whom a transfer may name: starts of numbers, users ^ denied starts",
            referRows(trunks),
          ),
        ]
      : []),
    ...(has.failover
      ? [stored("failover", "answers that go on (1) or stop (0), by trunk and code", failoverRows(trunks))]
      : []),
    ...(has.digest || has.agentDigest ? passwordTables(model, has) : []),
    ...(has.digest ? digestTables(trunks, has) : []),
    ...tlsTables(model, has),
  ];
}

function outboundTables(o: OutboundTables, has: Switches): Table[] {
  return [
    stored(
      "dial",
      `who calls: trunks that the agents there may use ^ leg ^ SRTP (a allowed, r required) ^ codecs${has.registrar ? " ^ the usual one" : ""}`,
      o.dial,
    ),
    stored("way", "targets of calls to carriers, in order", o.ways),
    stored("out", "what a trunk wants of calls to carriers", o.out),
    stored("dest", "numbers that a trunk may call: allowed prefixes ^ denied ones", o.destinations),
    stored("caller", "callers that agents may choose", o.callers),
    stored("codecs", "codecs towards a carrier", o.codecs),
    ...(has.transcode
      ? [stored("spoken", "codecs of a trunk whose calls may be transcoded ^ a auto, A always", o.spoken)]
      : []),
    stored("far", "addresses of carriers", o.peers),
    ...(has.outboundRoutes ? [stored("outbound_route", "outbound routes, in order", o.routes)] : []),
    { name: "provider", about: "our password at a trunk; from the deployment", bits: bitsFor(o.out.length) },
  ];
}

function registrationTables(r: RegistrationTables): Table[] {
  return [
    stored("register", "registrations at carriers, in order", r.register),
    stored("contact", "source address / user of our Contact: trunk", r.contacts),
    stored("account", "user of a trunk's Contact", r.accounts),
    {
      name: "registration",
      about: "how registrations go",
      bits: bitsFor(8 * r.register.length),
      counter: true,
    },
    ...(r.learned
      ? [
          {
            name: "registrar",
            about: "learned source address / user of our Contact: trunk",
            bits: bitsFor(4 * r.register.length),
            expire: longestCall,
          },
        ]
      : []),
  ];
}

function routeTable({ routes, places, grouping }: RouteTables): Table {
  if (grouping === undefined) {
    const entry = places ? "place ^ chain" : "chain";
    return stored("route", `entries of a trunk, by number or user name: ${entry}`, routes);
  }
  const { by, characters, lead } = grouping;
  const rows = by === "end" ? `that end in the same ${characters} characters` : "whose MD5 begins alike";
  const line = `${lead}trunk:number or user name ^ ${places ? "place / chain" : "chain"}`;
  return { ...stored("route", `entries ${rows}, a line for each: ${line}`, routes), counter: true };
}

function blockTables({ blocks, places }: RouteTables): Table[] {
  if (blocks === undefined) return [];
  const { rows, codes } = blocks;
  const means = places ? "codes" : "chains";
  return [
    stored("block", `a thousand numbers of a trunk: ${means} by the last three digits, - for none`, rows),
    ...(places ? [stored("code", "what a code means: place / chain", codes)] : []),
  ];
}

function planRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, at, number_plan: p }): Row[] => {
    if (p === undefined) return [];
    // "*" begins no number, so a plan without a national prefix strips none.
    const national = p.national_prefix === "" ? "*" : p.national_prefix;
    return [
      {
        key: id,
        value: [p.calling_code, p.international_prefix, national].join(separator),
        at: join(at, "country"),
      },
    ];
  });
}

function headerTables(trunks: readonly TrunkModel[], has: Switches): Table[] {
  return [
    ...(has.variables
      ? [stored("variable", "headers of a trunk that become variables", variableRows(trunks))]
      : []),
    ...(has.headersOut
      ? [
          stored(
            "custom",
            "headers of calls to a trunk: name ^ text ^ variable ^ text …",
            templateRows(trunks),
          ),
        ]
      : []),
  ];
}

function natRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.filter((t) => t.nat).map((t) => ({ key: t.id, value: 1, at: join(t.at, "sip", "nat") }));
}

function conditionTables({ conditions }: RouteTables, zones: Model["time_zones"]): Table[] {
  const { headers, hours } = conditions;
  return [
    ...(headers.length > 0 ? [stored("header", "sets of headers that rules ask for", headers)] : []),
    ...(hours.length > 0
      ? [
          stored("hours", "sets of hours in which rules hold", hours),
          stored("clock", "minutes that a time zone is ahead of UTC in a year", clockRows(zones)),
        ]
      : []),
  ];
}

function endRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, at, limits: { call_minutes: minutes = 0, media_timeout: silence = 0 } }) =>
    minutes + silence === 0 ? [] : [{ key: id, value: `${minutes * 60}/${silence}`, at: join(at, "limits") }],
  );
}

function dtmfRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks
    .filter((t) => t.dtmf !== "auto")
    .map((t) => ({ key: t.id, value: t.dtmf === "info" ? 2 : 1, at: join(t.at, "sip", "dtmf") }));
}

function referRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks
    .filter((t) => t.refer === "pass")
    .map(({ id, at, refer_to, outbound }) => {
      const allowed = refer_to ?? outbound?.allowed_destinations.map((d) => d.prefix) ?? [];
      const denied = outbound?.denied_destinations.map((d) => d.prefix) ?? [];
      return {
        key: id,
        value: [allowed.join(","), denied.join(",")].join(separator),
        at: join(at, "sip", "refer"),
      };
    });
}

function failoverRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, at, failover }) =>
    (["continue_on", "stop_on"] as const).flatMap((list) =>
      failover[list].map((code) => ({
        key: `${id}:${code}`,
        value: list === "continue_on" ? 1 : 0,
        at: join(at, "sip", "failover", list),
      })),
    ),
  );
}

function rateRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap((t) => {
    const value = opusOf(t);
    return value === undefined ? [] : [{ key: t.id, value, at: join(t.at, "sip", "codecs") }];
  });
}

/** Trunks that need no row have no SRTP, nor keys over signalling that is not encrypted. */
function keyRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks
    .filter((t) => t.media_encryption !== "disabled" || t.keys_over_clear_signalling)
    .map((t) => ({
      key: t.id,
      value: `${t.media_encryption.charAt(0)}${t.keys_over_clear_signalling ? 1 : 0}`,
      at: join(
        t.at,
        "sip",
        t.media_encryption === "disabled" ? "keys_over_clear_signalling" : "media_encryption",
      ),
    }));
}

function timerRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, session_timer: timer }) =>
    timer === undefined ? [] : [{ key: id, value: [timer.expires, timer.min].join(separator), at: timer.at }],
  );
}

function limitTables({ trunks, edge: { network } }: Model): Table[] {
  const row = (key: string, value: number | undefined, at: JsonPointer): Row[] =>
    value === undefined ? [] : [{ key, value, at }];
  const pair = (scope: string, { calls, calls_per_second }: LimitPair, at: JsonPointer): Row[] => [
    ...row(`${scope}:calls`, calls, join(at, "calls")),
    ...row(`${scope}:cps`, calls_per_second, join(at, "calls_per_second")),
  ];
  const rows = trunks.flatMap(({ id, at, limits }) => {
    const own = join(at, "limits");
    return [
      ...pair(id, limits, own),
      ...pair(`${id}.inbound`, limits.inbound, join(own, "inbound")),
      ...pair(`${id}.outbound`, limits.outbound, join(own, "outbound")),
      ...(isUsual(limits.response)
        ? []
        : [
            {
              key: `${id}:response`,
              value: [limits.response.code, limits.response.reason].join(separator),
              at: join(own, "response"),
            },
          ]),
    ];
  });
  return [
    stored("limit", "limits of a trunk, and of a direction of it", [...rows, ...reserveRows(network)]),
    { name: "count", about: "calls of a trunk now", bits: bitsFor(trunks.length * 3 + 3), counter: true },
    { name: "rate", about: "new calls of a trunk in a second", bits: 8, counter: true, expire: 3 },
    { name: "live", about: "calls that count, and for what", bits: 13, expire: longestCall },
  ];
}

/** Calls that the media ports are enough for, in all and for each direction. */
function reserveRows({ at, rtp, rtp_reserve: reserve }: NetworkModel): Row[] {
  if (reserve === undefined) return [];
  const room = roomIn(rtp);
  const own = join(at, "rtp_reserve");
  return [
    { key: "-edge:calls", value: room, at: join(at, "rtp") },
    { key: "-edge.inbound:calls", value: room - reserve.outbound, at: own },
    { key: "-edge.outbound:calls", value: room - reserve.inbound, at: own },
  ];
}

/** Whether a full trunk answers what the script says without being told. */
export function isUsual({ code, reason }: TrunkModel["limits"]["response"]): boolean {
  return code === 503 && reason === "Service Unavailable";
}

function passwordTables(model: Model, has: Switches): Table[] {
  const agents = diallingDigests(model);
  const trunks = model.trunks.filter((t) => t.auth.type === "digest");
  const realms = new Map(
    agents.map(({ auth }) => [auth.realm, { key: auth.realm, value: auth.algorithm, at: auth.at }]),
  );
  return [
    {
      name: "credential",
      about: `realm and user name: trunk ^ hash${has.agentDigest ? ", behind agents! agent ^ hash" : ""}; from the deployment`,
      bits: bitsFor(trunks.length + agents.length),
    },
    { name: "unproven", about: "answers to strangers in a second", bits: 12, counter: true, expire: 3 },
    { name: "nonce", about: "source that a nonce was given to", bits: 14, expire: 62 },
    ...(has.agentRealms ? [stored("agent_realm", "hash of a realm of agents", [...realms.values()])] : []),
  ];
}

function digestTables(trunks: readonly TrunkModel[], has: Switches): Table[] {
  const auths = trunks.flatMap((t) => (t.auth.type === "digest" ? [{ id: t.id, auth: t.auth }] : []));
  const realms = auths.flatMap(({ id, auth }): Row[] => [
    { key: id, value: auth.realm, at: auth.at },
    { key: `@${auth.realm}`, value: 1, at: auth.at },
  ]);
  const once = new Map(realms.map((r) => [r.key, r]));
  return [
    stored(
      "digest",
      "trunks with a password; 2 where the other end may register",
      auths.map(({ id, auth }) => ({ key: id, value: auth.register ? 2 : 1, at: auth.at })),
    ),
    ...(has.registrar
      ? [
          {
            name: "binding",
            about: "where PBXs have registered, by trunk; the guard keeps a copy in the state folder",
            bits: bitsFor(auths.length),
          },
        ]
      : []),
    ...(has.realms ? [stored("realm", "realm of a trunk", [...once.values()])] : []),
    ...(has.mixedAlgorithms
      ? [
          stored("algorithm", "hash of a realm", [
            ...new Map(
              auths.map(({ auth }) => [auth.realm, { key: auth.realm, value: auth.algorithm, at: auth.at }]),
            ).values(),
          ]),
        ]
      : []),
  ];
}
