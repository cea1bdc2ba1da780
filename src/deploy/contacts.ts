/** Where PBXs have registered: kept in the state folder for the next start of Kamailio, and the same in all generations. */
import { chown, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { modelFile } from "../bundle/bundle.ts";
import type { Model } from "../model/model.ts";
import { type ContactRow, contactsText, isContactRow } from "../targets/kamailio/binding.ts";
import { callRpc } from "../verify/binrpc.ts";
import { fieldOf, recordsIn } from "../verify/table-rpc.ts";
import type { Edge } from "./edge.ts";
import { readJson, syncFolder, writeAtomic } from "./state/files.ts";
import { generationOf, readFacts } from "./state/generations.ts";
import { generationPaths } from "./state/paths.ts";
import type { ProcessId } from "./supervise/process.ts";

/** What is remembered of a running process. */
interface Proxy {
  readonly process: ProcessId;
  /** What it said of its last change when its rows were read. */
  changed: string | undefined;
  /** Row of each trunk. */
  readonly rows: Map<string, string>;
}

/** What is remembered between looks; lost without harm. */
export interface Keeping {
  readonly proxies: Map<number, Proxy>;
  /** Trunks of a generation whose PBXs may register. */
  readonly trunks: Map<number, readonly string[]>;
  /** Row of each trunk as it stands in the file; absent before the first look. */
  kept?: Map<string, string>;
}

export function newKeeping(): Keeping {
  return { proxies: new Map(), trunks: new Map() };
}

/**
 * One look: of each trunk the row that changed last goes into the file, and to the generations that have an older one. A
 * registration that came after the last look is lost with its process, until the PBX repeats it.
 */
export async function keepContacts(edge: Edge, memory: Keeping): Promise<void> {
  const found: { readonly generation: number; readonly socket: string; readonly proxy: Proxy }[] = [];
  for (const name of edge.supervisor.names()) {
    const generation = generationOf(name);
    const process = generation === undefined ? undefined : edge.supervisor.main(name);
    if (generation === undefined || process === undefined) continue;
    const trunks = await registering(edge, generation, memory);
    if (trunks.length === 0) continue;
    const socket = join(generationPaths(edge.paths, generation).private, "ctl.sock");
    const proxy = proxyOf(memory, generation, process);
    if (await readRows(socket, trunks, proxy)) found.push({ generation, socket, proxy });
  }
  if (found.length === 0) return;
  const kept = memory.kept ?? (await readKept(edge));
  let news = memory.kept === undefined;
  for (const { proxy } of found)
    for (const [trunk, row] of proxy.rows)
      if (isNewer(row, kept.get(trunk))) {
        kept.set(trunk, row);
        news = true;
      }
  if (news) await writeKept(edge, kept, Math.max(...found.map(({ generation }) => generation)));
  memory.kept = kept;
  for (const { generation, socket, proxy } of found)
    for (const trunk of memory.trunks.get(generation) ?? []) {
      const row = kept.get(trunk);
      if (row === undefined || !isNewer(row, proxy.rows.get(trunk))) continue;
      if ((await callRpc(socket, "htable.sets", ["binding", trunk, row])).ok) proxy.rows.set(trunk, row);
    }
}

/** A contact of a PBX, as a running generation has it. */
export interface ContactReport {
  readonly trunk: string;
  readonly uri: string;
  /** Where requests for it are sent. */
  readonly sent_to: string;
  /** Seconds that it lasts, unless the PBX registers again. */
  readonly seconds: number;
}

/** All contacts of a generation, of each trunk the newest first. */
export async function contacts(
  edge: Edge,
  generation: number,
  now = Math.floor(Date.now() / 1000),
): Promise<readonly ContactReport[]> {
  const { private: folder } = generationPaths(edge.paths, generation);
  const trunks = await registering(edge, generation, newKeeping());
  const rows = await Promise.all(trunks.map((trunk) => rowOf(join(folder, "ctl.sock"), trunk)));
  return rows.flatMap((row, i) =>
    (row ?? "").split(" ").flatMap((entry): ContactReport[] => {
      const [until, sent_to, uri] = entry.split("^");
      const seconds = Number(until) - now;
      const trunk = trunks[i];
      return trunk !== undefined && sent_to !== undefined && uri !== undefined && seconds > 0
        ? [{ trunk, uri, sent_to, seconds }]
        : [];
    }),
  );
}

/** Whether a row changed after another one, or there is no other. */
export function isNewer(row: string, other: string | undefined): boolean {
  if (other === undefined) return true;
  const [[seconds, micros], [thenSeconds, thenMicros]] = [changeOf(row), changeOf(other)];
  return seconds > thenSeconds || (seconds === thenSeconds && micros > thenMicros);
}

function changeOf(row: string): readonly [seconds: number, micros: number] {
  const [, seconds, micros] = /^(\d+)\.(\d+)/.exec(row) ?? [];
  return [Number(seconds ?? 0), Number(micros ?? 0)];
}

async function registering(edge: Edge, generation: number, memory: Keeping): Promise<readonly string[]> {
  const known = memory.trunks.get(generation);
  if (known !== undefined) return known;
  const paths = generationPaths(edge.paths, generation);
  // Cheaper than a Model with a million routes.
  const bound = await readFile(join(paths.private, "bind.cfg"), "utf8").catch(() => "");
  const model = bound.includes(edge.paths.contacts)
    ? await readJson<Model>(join(paths.bundle, modelFile))
    : undefined;
  const found = (model?.trunks ?? []).flatMap(({ id, auth }) =>
    auth.type === "digest" && auth.register ? [id] : [],
  );
  memory.trunks.set(generation, found);
  return found;
}

function proxyOf(memory: Keeping, generation: number, process: ProcessId): Proxy {
  const known = memory.proxies.get(generation);
  if (known?.process.pid === process.pid && known.process.started === process.started) return known;
  const fresh: Proxy = { process, changed: undefined, rows: new Map() };
  memory.proxies.set(generation, fresh);
  return fresh;
}

/** Reads the rows of a process where one has changed; false where it does not answer. */
async function readRows(socket: string, trunks: readonly string[], proxy: Proxy): Promise<boolean> {
  const changed = await rowOf(socket, "-changed");
  if (changed === undefined) return false;
  if (changed === proxy.changed) return true;
  for (const trunk of trunks) {
    const row = await rowOf(socket, trunk);
    if (row === undefined) return false;
    if (isContactRow(row)) proxy.rows.set(trunk, row);
  }
  proxy.changed = changed;
  return true;
}

/** Empty where there is no such row; `undefined` where nobody answers. */
async function rowOf(socket: string, key: string): Promise<string | undefined> {
  const answer = await callRpc(socket, "htable.get", ["binding", key], { timeout: 1000 });
  if (!answer.ok) return answer.code === 0 ? undefined : "";
  const [record] = recordsIn(answer.values);
  return String(fieldOf(typeof record?.item === "object" ? record.item : record, "value") ?? "");
}

const line = /^\tsht_setxs\("binding", "([\w-]+)", "(.*)", "0"\);$/gm;

/** The rows of the file. */
async function readKept(edge: Edge): Promise<Map<string, string>> {
  const text = await readFile(edge.paths.contacts, "utf8").catch(() => "");
  return new Map(
    [...text.matchAll(line)].flatMap(([, trunk = "", written = ""]) => {
      const row = written.replaceAll("$$", "$");
      return isContactRow(row) ? [[trunk, row] as const] : [];
    }),
  );
}

/** Rows that still hold contacts; readable by whom the generation's daemons run as before the file stands in its place. */
async function writeKept(edge: Edge, kept: ReadonlyMap<string, string>, generation: number): Promise<void> {
  const now = Date.now() / 1000;
  const rows = [...kept].flatMap(([trunk, value]): ContactRow[] =>
    lastUntil(value) > now ? [{ trunk, value }] : [],
  );
  const beside = `${edge.paths.contacts}.${process.pid}`;
  await writeAtomic(beside, contactsText(rows), 0o640);
  const user = (await readFacts(edge.paths, generation))?.user;
  if (user !== undefined) await chown(beside, 0, user);
  await rename(beside, edge.paths.contacts);
  await syncFolder(edge.paths.root);
}

/** When the last contact of a row ends, in seconds since 1970. */
function lastUntil(row: string): number {
  return Math.max(0, ...[...row.matchAll(/ (\d+)\^/g)].map(([, until]) => Number(until)));
}
