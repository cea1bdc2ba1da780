/** Generations on disk: immutable bundles, what was bound to them, and how they fared. */
import { existsSync, readdirSync } from "node:fs";
import { fullDisk } from "../../bundle/folder.ts";
import type { EngineLine } from "../../model/model.ts";
import type { DigestRecord, PasswordRecord } from "../secrets.ts";
import type { ProcessId } from "../supervise/process.ts";
import type { Service } from "../supervise/scripts.ts";
import { readJson, writeJson } from "./files.ts";
import { type EdgePaths, generationPaths } from "./paths.ts";

/** Fixed when the generation is staged. */
export interface GenerationFacts {
  readonly generation: number;
  /** Hash of the bundle. */
  readonly bundle: string;
  /** Keyed fingerprint of the secrets. */
  readonly secrets: string;
  readonly crew_version: string;
  readonly engine: EngineLine;
  readonly engine_versions: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Loopback UDP port of its private socket. */
  readonly handover_port: number;
  /** Whom its daemons run as, where that is not the one who deployed. */
  readonly user?: number;
  /** The generation whose bundle and secrets it repeats. */
  readonly rollback_to?: number;
}

/** `stopped` is what carried the calls until everything was stopped. */
export type Fate = "staged" | "activating" | "current" | "draining" | "retired" | "stopped" | "failed";

export interface GenerationStatus {
  readonly state: Fate;
  /** Since when, ISO 8601, UTC. */
  readonly since: string;
  readonly reason?: string;
}

/** `activation.json`, and once committed `current.json`. */
export interface Activation {
  readonly generation: number;
  /** What carried the calls before. */
  readonly previous?: number;
  readonly deployer: ProcessId;
  /** Boot and pid name space of the deployer. */
  readonly space: string;
  /** Milliseconds since the epoch after which it is taken back. */
  readonly deadline: number;
  /** Which generation's configuration rtpengine runs with; `null` where it did not run. */
  readonly relay_before: number | null;
}

/** What is bound to a generation beside its bundle (0600). */
export interface PrivateFacts {
  readonly digests: readonly DigestRecord[];
  readonly passwords: readonly PasswordRecord[];
  /** rtpengine with this generation's configuration. */
  readonly relay: Service;
}

export function generationNumbers(paths: EdgePaths): readonly number[] {
  if (!existsSync(paths.generations)) return [];
  return readdirSync(paths.generations)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

export function readFacts(paths: EdgePaths, generation: number): Promise<GenerationFacts | undefined> {
  return readJson(generationPaths(paths, generation).facts);
}

export function readStatus(paths: EdgePaths, generation: number): Promise<GenerationStatus | undefined> {
  return readJson(generationPaths(paths, generation).status);
}

export async function setStatus(
  paths: EdgePaths,
  generation: number,
  state: Fate,
  reason?: string,
): Promise<void> {
  const status: GenerationStatus = {
    state,
    since: new Date().toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
  await writeJson(generationPaths(paths, generation).status, status);
}

/** As `setStatus`, where what is noted has happened and a full disk must not undo it. */
export async function noteStatus(...of: Parameters<typeof setStatus>): Promise<void> {
  try {
    await setStatus(...of);
  } catch (error) {
    if (fullDisk(error) === undefined) throw error;
  }
}

/** The generation that carries the calls, as committed; it need not run. */
export async function currentGeneration(paths: EdgePaths): Promise<number | undefined> {
  return (await readJson<Activation>(paths.current))?.generation;
}

export function kamailioService(generation: number): string {
  return `kamailio-${generation}`;
}

/** The generation of a Kamailio service. */
export function generationOf(service: string): number | undefined {
  const match = /^kamailio-(\d+)$/.exec(service);
  return match === null ? undefined : Number(match[1]);
}
