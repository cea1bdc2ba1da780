/** Dumps the tables of the booted Kamailio and compares them with the artifacts that they were loaded from. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { kamailioFile, placeOfToken } from "./kamailio-parse.ts";
import { type ModuleParameter, moduleParameters, tokens } from "./kamailio-script.ts";
import { type Artifacts, readLines } from "./locate.ts";
import type { StepResult } from "./report.ts";
import { compareAddresses, compareDispatcher } from "./table-lists.ts";
import { type Ask, asker, different, fieldOf, recordsIn } from "./table-rpc.ts";

interface TableFile {
  /** Relative to the bundle. */
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly line: number; readonly values: readonly string[] }[];
}

/** Compares hash tables by number and by a sample of their entries, lists line by line. */
export async function compareTables(artifacts: Artifacts, rpcSocket: string): Promise<StepResult> {
  const script = tokens(readLines(artifacts.directory, kamailioFile).join("\n"));
  const parameters = moduleParameters(script);
  const ask = asker(rpcSocket);
  const tables = hashTables(parameters);
  const delimiter = parameters.find((p) => p.module === "db_text" && p.name === "db_delim")?.value ?? ":";
  const stats = tables.length === 0 ? [] : await ask("htable.stats");
  const diagnostics: Diagnostic[] = [];
  let entries = 0;
  for (const { name, source, at } of tables) {
    const file = readTable(artifacts, source, delimiter);
    if (file === undefined) continue;
    const all = fieldOf(
      recordsIn(stats).find((r) => r.name === name),
      "all",
    );
    const expected = distinctKeys(file);
    entries += expected;
    if (all !== expected)
      diagnostics.push(
        different(
          artifacts,
          placeOfToken(at.at),
          `table ${name} holds ${all ?? "nothing"} where its file has ${expected} entries`,
        ),
      );
    else diagnostics.push(...(await compareSample(artifacts, name, file, ask)));
  }
  const lists = [await compareDispatcher(artifacts, ask), await compareAddresses(artifacts, ask)];
  const details = lists.flatMap((list) => (list.detail === undefined ? [] : [list.detail]));
  return {
    diagnostics: [...diagnostics, ...lists.flatMap((list) => list.diagnostics)],
    detail: [`${tables.length} tables with ${entries} entries`, ...details].join(", "),
  };
}

interface HashTable {
  readonly name: string;
  /** The db_text table that it is loaded from. */
  readonly source: string;
  readonly at: ModuleParameter;
}

function hashTables(parameters: readonly ModuleParameter[]): readonly HashTable[] {
  return parameters.flatMap((at) => {
    if (at.module !== "htable" || at.name !== "htable") return [];
    const [, name, settings = ""] = /^(\w+)=>(.*)$/.exec(at.value) ?? [];
    const source = /(?:^|;)dbtable=(\w+)/.exec(settings)?.[1];
    return name === undefined || source === undefined ? [] : [{ name, source, at }];
  });
}

/** A db_text table of the bundle; `undefined` for one that is made at deployment. */
function readTable(artifacts: Artifacts, name: string, delimiter: string): TableFile | undefined {
  const path = `kamailio/data/${name}`;
  const [head, ...lines] = readLines(artifacts.directory, path);
  if (head === undefined) return undefined;
  const columns = head.split(" ").map((column) => column.replace(/\(.*$/, ""));
  const rows = lines.flatMap((text, i) =>
    text === "" ? [] : [{ line: i + 2, values: splitRow(text, delimiter) }],
  );
  return { path, columns, rows };
}

/** A backslash protects the next character (db_text README). */
function splitRow(text: string, delimiter: string): readonly string[] {
  const fields = [""];
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? "";
    if (c === delimiter) fields.push("");
    else fields[fields.length - 1] += c === "\\" ? unescaped(text[++i] ?? "") : c;
  }
  return fields;
}

function unescaped(c: string): string {
  return c === "n" ? "\n" : c === "r" ? "\r" : c === "t" ? "\t" : c;
}

function column(file: TableFile, name: string, row: readonly string[]): string | undefined {
  const index = file.columns.indexOf(name);
  return index < 0 ? undefined : row[index];
}

function distinctKeys(file: TableFile): number {
  return new Set(file.rows.map((row) => column(file, "key_name", row.values))).size;
}

/** The first, the last and some entries between. */
async function compareSample(
  artifacts: Artifacts,
  table: string,
  file: TableFile,
  ask: Ask,
): Promise<readonly Diagnostic[]> {
  const step = Math.max(1, Math.floor(file.rows.length / 8));
  const sample = file.rows.filter((_, i) => i % step === 0 || i === file.rows.length - 1);
  const found: Diagnostic[] = [];
  for (const { line, values } of sample) {
    const [key, wanted] = [column(file, "key_name", values), column(file, "key_value", values)];
    if (key === undefined || wanted === undefined) continue;
    const item = recordsIn(await ask("htable.get", table, key))[0];
    const value = item && (typeof item.item === "object" ? fieldOf(item.item, "value") : item.value);
    if (value === undefined || String(value) !== wanted)
      found.push(
        different(
          artifacts,
          { path: file.path, line },
          `${table}[${key}] is ${value === undefined ? "absent" : `"${value}"`} where its file has "${wanted}"`,
        ),
      );
  }
  return found;
}
