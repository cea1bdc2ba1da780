/** A large route table: some two dozen entries to a row, since every row that Kamailio finds costs several cache misses. */
import { createHash } from "node:crypto";
import type { Grouping, Row } from "../doc.ts";
import { separator } from "./separator.ts";

/** Up to so many entries a table is kept for reading, one to a row. */
export const readable = 4096;

/** Entries in a row, as wanted and at most; a row must also fit into db_text's buffer of 16 KB. */
const wanted = 24;
const most = 64;

/**
 * Rows of entries, a line for each: `<lead><trunk>:<number or user>^<value>`. The last digits of numbers spread evenly, be
 * they in a row or drawn from the whole numbering plan, and cost the script next to nothing.
 */
export function group(entries: readonly Row[]): {
  readonly rows: readonly Row[];
  readonly grouping: Grouping;
} {
  const digits = Math.max(1, Math.ceil(Math.log10(entries.length / wanted)));
  for (const characters of [digits, digits + 1, digits + 2]) {
    // The trunk's id and the two marks are there even where nothing is called.
    const shortest = Math.min(...trunksOf(entries).map((id) => id.length)) + 2;
    const lead = "-".repeat(Math.max(0, characters + 1 - shortest));
    const grouping: Grouping = { by: "end", characters, lead };
    const rows = rowsOf(entries, grouping);
    if (rows !== undefined) return { rows, grouping };
  }
  const characters = Math.max(1, Math.ceil(Math.log2(entries.length / wanted) / 4));
  const grouping: Grouping = { by: "md5", characters, lead: "" };
  const rows = rowsOf(entries, grouping);
  if (rows === undefined) throw new Error("the MD5 of the entries does not spread");
  return { rows, grouping };
}

/** `undefined` where a row would hold too many. */
function rowsOf(entries: readonly Row[], grouping: Grouping): readonly Row[] | undefined {
  const rows = new Map<string, { key: string; value: string[]; at: Row["at"] }>();
  for (const { key, value, at } of entries) {
    const written = `${grouping.lead}${key}${separator}`;
    const name = rowName(written, grouping);
    const line = `${written}${value}`;
    const row = rows.get(name);
    if (row === undefined) rows.set(name, { key: name, value: [line], at });
    else if (row.value.push(line) > most) return undefined;
  }
  return [...rows.values()];
}

function rowName(written: string, { by, characters }: Grouping): string {
  if (by === "end") return written.slice(-characters - 1);
  return createHash("md5").update(written).digest("hex").slice(0, characters);
}

function trunksOf(entries: readonly Row[]): readonly string[] {
  return [...new Set(entries.map(({ key }) => key.slice(0, key.indexOf(":"))))];
}
