/** KamailioDoc → artifacts. */
import type { JsonPointer } from "../../core/pointer.ts";
import { type Context, trusted } from "../escape/escaped.ts";
import { render } from "../escape/render.ts";
import type { Artifact } from "../target.ts";
import type { KamailioDoc, Table } from "./doc.ts";
import { type CfgGrammar, dbTextField, kamComment, kamString, kamToken, listField } from "./escape.ts";

export interface EmitOptions {
  /** Without it the media calls are left out; for benches only. */
  readonly media?: boolean;
}

export function emit(doc: KamailioDoc, options: EmitOptions = {}): readonly Artifact[] {
  const media = options.media ?? true;
  const cfg = render<CfgGrammar>("kamailio/kamailio.cfg", cfgContext(doc, media));
  return [
    { path: "kamailio/kamailio.cfg", mode: 0o644, text: cfg.text, lines: cfg.lines, reload: "swap" },
    dispatcherList(doc),
    ...(doc.has.cidr ? [addressList(doc)] : []),
    ...doc.tables.flatMap((t) => (t.rows === undefined ? [] : [dataTable(t)])),
    versionTable(doc.tables),
  ];
}

function cfgContext(doc: KamailioDoc, media: boolean): Context<CfgGrammar> {
  const { has } = doc;
  const children = 4;
  return {
    edge: kamComment(doc.edge),
    line: kamComment(doc.line),
    children,
    tcp: has.tcp,
    tcp_tables: true,
    tcp_children: 4,
    tcp_guard: doc.line !== "5.6",
    listeners: doc.listeners.map((l) => ({
      comment: kamComment(l.property),
      proto: kamToken(l.transport),
      address: kamToken(bracketed(l.address)),
      port: l.port,
      advertised: l.advertised === undefined ? false : kamToken(bracketed(l.advertised)),
      name: kamToken(l.name),
      origin: { origin: l.at },
    })),
    aliases: doc.aliases.map((a) => ({
      comment: kamComment("network › hostname"),
      host: kamToken(a.host),
      origin: { origin: a.at },
    })),
    modules: modulesOf(doc, media).map((m) => trusted<"kamailio.token">(m)),
    // Header and body checks of RFC 3261: 18407 is the usual set with Proxy-Require; 4096 duplicate tags; 2048 and 8192 digest.
    sanity: has.digest ? 32743 : 22503,
    media,
    digest: has.digest,
    limits: has.limits,
    numbers: has.numbers,
    users: has.users,
    rules: has.rules,
    callers: has.callers,
    plan: has.plan,
    ring: has.ring,
    agent_users: has.agentUsers,
    host_agents: has.hostAgents,
    cidr: has.cidr,
    prefixes: prefixesOf(doc),
    max_subnets: Math.max(512, doc.networks.length),
    max_rows: Math.max(100_000, ...doc.tables.map((t) => t.rows?.length ?? 0)) + 1,
    tables: doc.tables.map((t) => ({
      name: kamToken(t.name),
      comment: kamComment(t.about),
      bits: t.bits,
      stored: t.rows !== undefined,
      expire: t.expire ?? false,
      counter: t.counter ?? false,
    })),
    agents_host: kamString(doc.agentsHost),
    identity_host: kamString(doc.identityHost),
    agents_socket: kamToken("agents"),
    realms: [],
  };
}

function prefixesOf(doc: KamailioDoc): number[] {
  return [...new Set(doc.networks.map((n) => n.prefix))].sort((a, b) => b - a);
}

function modulesOf(doc: KamailioDoc, media: boolean): string[] {
  return [
    "db_text",
    "ctl",
    "jsonrpcs",
    "kex",
    "corex",
    "pv",
    "xlog",
    "tm",
    "tmx",
    "sl",
    "rr",
    "maxfwd",
    "sanity",
    "siputils",
    "textops",
    "textopsx",
    "htable",
    "dispatcher",
    ...(doc.has.cidr ? ["permissions"] : []),
    ...(doc.has.digest ? ["auth"] : []),
    ...(media ? ["rtpengine"] : []),
    "topoh",
  ];
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

interface Line {
  readonly text: string;
  readonly at?: JsonPointer | undefined;
}

function artifact(path: string, lines: readonly Line[], reload: Artifact["reload"]): Artifact {
  return {
    path,
    mode: 0o644,
    text: `${lines.map((l) => l.text).join("\n")}\n`,
    lines: lines.map((l) => l.at),
    reload,
  };
}

/** A db_text table of the htable module: key, key type 0, value type (0 string, 1 number), value, no expiry. */
function dataTable(table: Table): Artifact {
  const rows = (table.rows ?? []).map(({ key, value, at }) => ({
    text: `${dbTextField(key)}|0|${typeof value === "number" ? 1 : 0}|${dbTextField(value)}|0`,
    at,
  }));
  const head = "key_name(string) key_type(int) value_type(int) key_value(string) expires(int)";
  return artifact(`kamailio/data/${table.name}`, [{ text: head }, ...rows], "live");
}

/** What the db layer asks every table for. */
function versionTable(tables: readonly Table[]): Artifact {
  const names = tables.filter((t) => t.rows !== undefined).map((t) => t.name);
  return artifact(
    "kamailio/data/version",
    [
      { text: "table_name(string) table_version(int)" },
      ...names.map((n) => ({ text: `${dbTextField(n)}|2` })),
    ],
    "live",
  );
}

function dispatcherList(doc: KamailioDoc): Artifact {
  const rows = doc.dispatcher.map((r) => ({
    text: [r.set, listField(r.uri), 0, 0, listField(`weight=${r.weight};sockname=${r.socket}`)].join(" "),
    at: r.at,
  }));
  const head = "# set URI flags priority attributes: one set for each priority of an agent";
  return artifact("kamailio/dispatcher.list", [{ text: head }, ...rows], "live");
}

function addressList(doc: KamailioDoc): Artifact {
  const rows = doc.networks.map((n) => ({
    text: [n.prefix, listField(n.address), n.prefix, 0, listField(n.trunk)].join(" "),
    at: n.at,
  }));
  const head = "# group address mask port trunk: the group is the prefix length";
  return artifact("kamailio/address.list", [{ text: head }, ...rows], "live");
}
