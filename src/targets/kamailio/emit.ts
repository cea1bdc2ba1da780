/** KamailioDoc → artifacts. */
import type { JsonPointer } from "../../core/pointer.ts";
import { render } from "../escape/render.ts";
import type { Artifact } from "../target.ts";
import { cfgContext } from "./cfg.ts";
import type { KamailioDoc, NetworkRow, Row, Table, TlsFiles } from "./doc.ts";
import { type CfgGrammar, dbTextField, dbTextLines, listField, type TlsGrammar, tlsPath } from "./escape.ts";
import { agentGroup } from "./side.ts";

/** Where Debian keeps the CAs that it trusts. */
const systemCas = "/etc/ssl/certs/ca-certificates.crt";

export interface EmitOptions {
  /** Without it the media calls are left out; for benches only. */
  readonly media?: boolean;
}

export function emit(doc: KamailioDoc, options: EmitOptions = {}): readonly Artifact[] {
  const cfg = render<CfgGrammar>("kamailio/kamailio.cfg", cfgContext(doc, options.media ?? true));
  return [
    { path: "kamailio/kamailio.cfg", mode: 0o644, text: cfg.text, lines: cfg.lines, reload: "swap" },
    dispatcherList(doc),
    ...(doc.tls === undefined ? [] : [tlsCfg(doc.tls)]),
    ...(doc.has.cidr ? [addressList(doc)] : []),
    ...doc.tables.flatMap((t) => (t.rows === undefined || t.rows.length === 0 ? [] : [dataTable(t)])),
    versionTable(doc.tables),
  ];
}

/** Certificate files of the two roles. The process reads them again whenever it is told to: no swap. */
function tlsCfg(tls: TlsFiles): Artifact {
  const { text, lines } = render<TlsGrammar>("kamailio/certificates.cfg", {
    certificate: tlsPath(tls.certificate),
    private_key: tlsPath(tls.privateKey),
    clients: tls.ca !== undefined,
    ca: tlsPath(tls.ca ?? systemCas),
    origin: { origin: tls.at },
  });
  return { path: "kamailio/tls.cfg", mode: 0o644, text, lines, reload: "live" };
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
  const rows = table.rows ?? [];
  const head = "key_name(string) key_type(int) value_type(int) key_value(string) expires(int)";
  const lines: (JsonPointer | undefined)[] = [undefined];
  for (const { at } of rows) lines.push(at);
  return {
    path: `kamailio/data/${table.name}`,
    mode: 0o644,
    text: joined(`${head}\n`, rows, rowText),
    lines,
    reload: "live",
  };
}

function rowText({ key, value }: Row): string {
  return `${dbTextField(key)}|0|${typeof value === "number" ? 1 : 0}|${valueField(value)}|0\n`;
}

/** Text of many items behind a head, made in batches, so that the pieces of a million rows never lie in memory together. */
function joined<T>(head: string, items: readonly T[], print: (item: T) => string): string {
  const batches = [head];
  for (let start = 0; start < items.length; start += 1000)
    batches.push(
      items
        .slice(start, start + 1000)
        .map(print)
        .join(""),
    );
  return batches.join("");
}

function valueField(value: Row["value"]): string {
  return typeof value === "object" ? dbTextLines(value) : dbTextField(value);
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
    text: [
      r.set,
      listField(r.uri),
      0,
      0,
      listField(`weight=${r.weight}${r.socket === "" ? "" : `;socket=${r.socket}`}`),
    ].join(" "),
    at: r.at,
  }));
  const head = "# set URI flags priority attributes: one set for each priority of an agent";
  return artifact("kamailio/dispatcher.list", [{ text: head }, ...rows], "live");
}

function addressList(doc: KamailioDoc): Artifact {
  const row = (n: NetworkRow, group: number) => ({
    text: [group, listField(n.address), n.prefix, 0, listField(n.tag)].join(" "),
    at: n.at,
  });
  const rows = [
    ...doc.networks.map((n) => row(n, n.prefix)),
    ...doc.agentNetworks.map((n) => row(n, agentGroup(n))),
  ];
  const head = `# group address mask port trunk: the group is the prefix length${doc.has.agentNetworks ? ", of agents' networks 256 more" : ""}`;
  return artifact("kamailio/address.list", [{ text: head }, ...rows], "live");
}
