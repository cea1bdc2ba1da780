/** Loads the ruleset of a generation into the kernel, and takes the edge's table out again. */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeEnd, run } from "../host/run.ts";
import type { Edge } from "./edge.ts";
import { readJson, writeJson } from "./state/files.ts";
import { generationPaths } from "./state/paths.ts";
import { bootId, hasCapability } from "./supervise/process.ts";

/** `firewall.json`: written before the kernel is touched. */
export interface FirewallState {
  /** Whose ruleset is loaded. */
  readonly generation: number;
  /** Whose was before. */
  readonly before: number | null;
  /** A reboot empties the kernel. */
  readonly boot: string;
}

const capNetAdmin = 12;

export function mayLoadFirewall(): boolean {
  return hasCapability(capNetAdmin);
}

async function readState(edge: Edge): Promise<FirewallState | undefined> {
  const state = await readJson<FirewallState>(edge.paths.firewall);
  return state?.boot === bootId() ? state : undefined;
}

/** The generation whose ruleset was loaded since the host started. */
export async function loadedFirewall(edge: Edge): Promise<number | undefined> {
  return (await readState(edge))?.generation;
}

/** Replaces the ruleset in one transaction; gives the reason where the kernel or nft refuses, which changes nothing. */
export async function loadFirewall(edge: Edge, generation: number): Promise<string | undefined> {
  const before = await readState(edge);
  await writeJson(edge.paths.firewall, {
    generation,
    before: before?.generation ?? null,
    boot: bootId(),
  } satisfies FirewallState);
  const reason = await load(edge, generation);
  if (reason === undefined) {
    if (before !== undefined) await deleteUnlike(edge, before.generation, generation);
    return undefined;
  }
  if (before === undefined) await rm(edge.paths.firewall, { force: true });
  else await writeJson(edge.paths.firewall, before);
  return reason;
}

/** Puts back what was loaded before this generation's, if this generation's was loaded at all. */
export async function revertFirewall(edge: Edge, generation: number): Promise<string | undefined> {
  const state = await readState(edge);
  if (state?.generation !== generation) return undefined;
  if (state.before === null) return removeFirewall(edge);
  return loadFirewall(edge, state.before);
}

/** Deletes the edge's table where crew loaded it. */
export async function removeFirewall(edge: Edge): Promise<string | undefined> {
  const state = await readState(edge);
  if (state === undefined) return undefined;
  const table = await tableIn(edge, state.generation);
  const refused = table === undefined ? undefined : await deleteTable(edge, table);
  if (refused !== undefined) return refused;
  await rm(edge.paths.firewall, { force: true });
  return undefined;
}

/** An edge that has another name now has another table, and the old one would go on dropping packets. */
async function deleteUnlike(edge: Edge, before: number, now: number): Promise<void> {
  const [old, fresh] = [await tableIn(edge, before), await tableIn(edge, now)];
  if (old !== undefined && fresh !== undefined && old.join() !== fresh.join()) await deleteTable(edge, old);
}

async function tableIn(edge: Edge, generation: number): Promise<Table | undefined> {
  const file = rulesetFile(edge, generation);
  return file === undefined ? undefined : tableOf(await readFile(file, "utf8"));
}

/** Gives the reason where nft refuses; a table that is not there is none. */
async function deleteTable(edge: Edge, table: Table): Promise<string | undefined> {
  const result = await run(edge.programs.command("nft", ["delete", "table", ...table]), { timeout: 10_000 });
  return result.ok || /No such file/.test(result.stderr)
    ? undefined
    : result.stderr.trim() || describeEnd(result);
}

async function load(edge: Edge, generation: number): Promise<string | undefined> {
  const file = rulesetFile(edge, generation);
  if (file === undefined) return undefined;
  const json = file.endsWith(".json") ? ["-j"] : [];
  const result = await run(edge.programs.command("nft", [...json, "-f", file]), { timeout: 20_000 });
  return result.ok ? undefined : result.stderr.trim().split("\n")[0] || describeEnd(result);
}

function rulesetFile(edge: Edge, generation: number): string | undefined {
  const folder = join(generationPaths(edge.paths, generation).bundle, "nftables");
  return ["edge.nft.json", "edge.nft"].map((name) => join(folder, name)).find((path) => existsSync(path));
}

/** Family and name. */
type Table = readonly [string, string];

/** The table that a ruleset adds. */
export function tableOf(ruleset: string): Table | undefined {
  const text = /\btable\s+(inet|ip6?)\s+([A-Za-z_][\w-]*)/.exec(ruleset);
  if (!ruleset.trimStart().startsWith("{")) return text?.[1] && text[2] ? [text[1], text[2]] : undefined;
  const found = /"table"\s*:\s*(\{[^{}]*\})/.exec(ruleset)?.[1];
  if (found === undefined) return undefined;
  const { family, name } = JSON.parse(found) as { readonly family?: string; readonly name?: string };
  return family !== undefined && name !== undefined ? [family, name] : undefined;
}
