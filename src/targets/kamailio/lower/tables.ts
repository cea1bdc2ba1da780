/** Everything that Kamailio keeps in shared memory. */
import { type JsonPointer, join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import type { Row, Switches, Table } from "../doc.ts";
import { opusOf } from "./codecs.ts";
import { type RouteTables, separator } from "./routes.ts";
import { lowerPeers } from "./sources.ts";

// Longer than any call, so that what a lost BYE left behind goes too.
const longestCall = 86_400;

export function lowerTables(model: Model, has: Switches, acl: readonly Row[], routes: RouteTables): Table[] {
  const { trunks } = model;
  const entry = `${routes.places ? "place ^ chain" : "chain"}${routes.hashed ? " ^ entry, under its MD5" : ""}`;
  const always: Table[] = [
    stored("acl", "trunk of a source address", acl),
    stored("peer", "addresses of agents", lowerPeers(model.agents)),
    stored("route", `entries of a trunk, by number or user name: ${entry}`, routes.routes),
    stored("chain", "what a route tries, in order", routes.chains),
  ];
  return [
    ...always,
    ...(has.rules
      ? [stored("rule", "rules of a trunk with further conditions, in order", routes.rules)]
      : []),
    ...(has.plan ? [stored("plan", "how national numbers of a trunk become E.164", planRows(trunks))] : []),
    ...(has.nat ? [stored("nat", "trunks whose media address is learned", natRows(trunks))] : []),
    ...(has.rates ? [stored("opus", "Opus as a trunk asks for it", rateRows(trunks))] : []),
    ...(has.srtp
      ? [stored("keys", "SRTP of a trunk: a allowed, r required; 1 keys in clear", keyRows(trunks))]
      : []),
    ...(has.limits ? limitTables(trunks) : []),
    ...(has.digest ? digestTables(trunks, has) : []),
  ];
}

function stored(name: string, about: string, rows: readonly Row[]): Table {
  return { name, about, rows, bits: bitsFor(rows.length) };
}

/** Two slots a row, at least 64: keys that follow each other do not spread evenly. */
function bitsFor(rows: number): number {
  return Math.min(20, Math.max(6, Math.ceil(Math.log2(Math.max(1, rows))) + 1));
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

function natRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.filter((t) => t.nat).map((t) => ({ key: t.id, value: 1, at: join(t.at, "sip", "nat") }));
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

function limitTables(trunks: readonly TrunkModel[]): Table[] {
  const row = (key: string, value: number | undefined, at: JsonPointer): Row[] =>
    value === undefined ? [] : [{ key, value, at }];
  const rows = trunks.flatMap(({ id, at, limits }) => [
    ...row(`${id}:calls`, limits.calls, join(at, "limits", "calls")),
    ...row(`${id}:cps`, limits.calls_per_second, join(at, "limits", "calls_per_second")),
  ]);
  return [
    stored("limit", "limits of a trunk", rows),
    { name: "count", about: "calls of a trunk now", bits: bitsFor(rows.length), counter: true },
    { name: "rate", about: "new calls of a trunk in a second", bits: 8, counter: true, expire: 3 },
    { name: "live", about: "calls that count, and for which trunk", bits: 13, expire: longestCall },
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
      "trunks with a password",
      auths.map(({ id, auth }) => ({ key: id, value: 1, at: auth.at })),
    ),
    {
      name: "credential",
      about: "realm and user name: trunk ^ hash; from the deployment",
      bits: bitsFor(auths.length),
    },
    { name: "unproven", about: "answers to strangers in a second", bits: 12, counter: true, expire: 3 },
    { name: "nonce", about: "source that a nonce was given to", bits: 14, expire: 62 },
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
