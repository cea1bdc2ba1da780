/** How a deployment begins: alone, and with what a former one left behind put in order. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { acquireLock, type Lock, type LockOwner } from "../host/lock.ts";
import type { Edge } from "./edge.ts";
import { problems } from "./problems.ts";
import { guardService } from "./processes.ts";
import { readJson } from "./state/files.ts";
import { currentGeneration, generationNumbers, generationOf } from "./state/generations.ts";
import { generationPaths } from "./state/paths.ts";
import { takeBack } from "./take-back.ts";

/** The guard holds the lock for moments while it takes something back; another deployment holds it for long. */
export async function takeLock(edge: Edge): Promise<Lock | { readonly pid: number | undefined }> {
  for (let waited = 0; ; waited += 200) {
    const lock = await acquireLock(edge.paths.lock, { timeout: 0 });
    if (lock !== undefined) return lock;
    const owner = await readJson<LockOwner>(join(edge.paths.lock, "owner.json"));
    const isGuard = owner !== undefined && owner.pid === edge.supervisor.state(guardService).main?.pid;
    if (!isGuard || waited > 20_000) return { pid: owner?.pid };
    await sleep(200);
  }
}

/** Finishes what a deployment that died left behind. */
export async function cleanUp(edge: Edge): Promise<readonly Diagnostic[]> {
  for (const name of await readdir(edge.paths.generations))
    if (name.startsWith(".staging-"))
      await rm(join(edge.paths.generations, name), { recursive: true, force: true });
  const back = await takeBack(edge, "the deploying process died");
  const current = await currentGeneration(edge.paths);
  for (const name of edge.supervisor.names()) {
    const generation = generationOf(name);
    if (generation !== undefined && generation > (current ?? 0))
      await edge.supervisor.down(name, { remove: true });
  }
  if (back === undefined) return [];
  const { generation, previous } = back.activation;
  return back.failure === undefined
    ? [problems.abandoned(generation, previous)]
    : [problems.notRolledBack(back.failure)];
}

/** Generations that are kept; older ones that do not run are removed. */
const kept = 20;

export async function prune(edge: Edge): Promise<void> {
  const current = await currentGeneration(edge.paths);
  const running = new Set(edge.supervisor.names().map(generationOf));
  for (const generation of generationNumbers(edge.paths).slice(0, -kept))
    if (generation !== current && !running.has(generation))
      await rm(generationPaths(edge.paths, generation).root, { recursive: true, force: true });
}
