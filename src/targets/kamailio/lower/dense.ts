/** Numbers that lie together, as carriers assign them: one row for a thousand of them, so that even a million stay in the cache. */
import type { Row } from "../doc.ts";

/** Digits at the end of a number that say where in its row it stands. */
export const column = 3;

/** From so many numbers in a thousand on, a row of their own is smaller than their entries elsewhere. */
const fewest = 64;

// Without "c", which chains that have no code begin with.
const symbols = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghijklmnopqrstuvwxyz";

/** Wider rows would cost more than they save. */
const widest = 3;

export interface Dense {
  /** `<number without its last digits>:<digits in the whole number>:<trunk>` → codes, one after the other, `-` for no entry. */
  readonly blocks: readonly Row[];
  /** Entries that are in no block. */
  readonly rest: readonly Row[];
  /** Characters of a code. */
  readonly width: number;
  /** Value of an entry → its code. */
  readonly codes: ReadonlyMap<Row["value"], string>;
}

/** `undefined` where no numbers lie together, or where too many values differ. */
export function dense(entries: readonly Row[]): Dense | undefined {
  const counts = countBlocks(entries);
  if (counts === undefined) return undefined;
  const codes = codesOf(entries);
  const width = codes?.values().next().value?.length;
  if (codes === undefined || width === undefined) return undefined;
  const blocks = new Map<string, { readonly row: Row; readonly cells: string[] }>();
  const rest: Row[] = [];
  let head = "";
  let cells: string[] | undefined;
  for (const entry of entries) {
    const { key, value, at } = entry;
    if (!isUnder(key, head)) {
      head = headOf(key);
      cells = blocks.get(head)?.cells;
      if (cells === undefined && (counts.get(head) ?? 0) >= fewest) {
        cells = new Array<string>(10 ** column).fill("-".repeat(width));
        blocks.set(head, { row: { key: blockName(head), value: "", at }, cells });
      }
    }
    if (head === "" || cells === undefined) rest.push(entry);
    else cells[Number(key.slice(-column))] = codes.get(value) ?? "";
  }
  const rows = [...blocks.values()].map(({ row, cells: all }) => ({ ...row, value: all.join("") }));
  return { blocks: rows, rest, width, codes };
}

/** How many numbers lie in each thousand; `undefined` where they are few everywhere. */
function countBlocks(entries: readonly Row[]): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>();
  let most = 0;
  let head = "";
  let count = 0;
  for (const { key } of entries) {
    if (!isUnder(key, head)) {
      if (head !== "") counts.set(head, count);
      head = headOf(key);
      count = head === "" ? 0 : (counts.get(head) ?? 0);
    }
    if (head === "") continue;
    count++;
    if (count > most) most = count;
  }
  if (head !== "") counts.set(head, count);
  return most < fewest ? undefined : counts;
}

/** Whether a key belongs to the block that was asked for last; most lists are sorted. */
function isUnder(key: string, head: string): boolean {
  return head !== "" && key.length === head.length + column && key.startsWith(head) && endsInDigits(key);
}

/** A key without its last digits; "" where it has none, or nothing but them. */
function headOf(key: string): string {
  return endsInDigits(key) && key.charCodeAt(key.length - column - 1) !== colon ? key.slice(0, -column) : "";
}

const colon = 58;

function endsInDigits(key: string): boolean {
  for (let i = key.length - column; i < key.length; i++) {
    const c = key.charCodeAt(i);
    if (!(c >= 48 && c <= 57)) return false;
  }
  return true;
}

/**
 * The last digits of a name need not be digits when somebody calls it: how many digits the whole name has tells. The number
 * comes first, since the hash function of the tables adds words of four characters and so mixes what stands in a last, shorter one.
 */
function blockName(head: string): string {
  const end = head.indexOf(":");
  const number = head.slice(end + 1);
  return `${number}:${number.replace(/[^0-9]/g, "").length + column}:${head.slice(0, end)}`;
}

/** Values in the order of the entries, all codes of one width. */
function codesOf(entries: readonly Row[]): Map<Row["value"], string> | undefined {
  const values = new Set<Row["value"]>();
  for (const { value } of entries) values.add(value);
  let width = 1;
  while (symbols.length ** width < values.size) width++;
  return width > widest ? undefined : new Map([...values].map((value, i) => [value, codeOf(i, width)]));
}

function codeOf(index: number, width: number): string {
  let code = "";
  for (let rest = index; code.length < width; rest = Math.floor(rest / symbols.length))
    code = `${symbols.charAt(rest % symbols.length)}${code}`;
  return code;
}
