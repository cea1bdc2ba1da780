/** Tables of shared memory. */
import type { Row, Table } from "../doc.ts";

/** A table that is filled from data/. */
export function stored(name: string, about: string, rows: readonly Row[]): Table {
  return { name, about, rows, bits: bitsFor(rows.length) };
}

/** Two slots a row, at least 64: keys that follow each other do not spread evenly. */
export function bitsFor(rows: number): number {
  return Math.min(20, Math.max(6, Math.ceil(Math.log2(Math.max(1, rows))) + 1));
}
