/** What the guard does on every beat. */
import { existsSync } from "node:fs";
import { copyFile, readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { acquireLock } from "../../host/lock.ts";
import type { Edge } from "../edge.ts";
import { readJson } from "../state/files.ts";
import type { Activation } from "../state/generations.ts";
import { isAlive, processSpace } from "../supervise/process.ts";
import { takeBack } from "../take-back.ts";

/**
 * Takes back an activation whose deployer died or whose time is over. The deployer's lock keeps a new deployment out
 * meanwhile; one that hangs still holds it, and is overruled at the deadline.
 */
export async function judge(edge: Edge, now = Date.now()): Promise<void> {
  const { paths } = edge;
  const activation = await readJson<Activation>(paths.activation);
  const unfinished = existsSync(paths.rollback);
  if (activation === undefined && !unfinished) return;
  const late = activation !== undefined && now > activation.deadline;
  const dead = activation !== undefined && !deployerLives(activation);
  if (!late && !dead && !unfinished) return;
  const reason = late ? "it took longer than its time" : "the deploying process died";
  const lock = await acquireLock(paths.lock, { timeout: 0 });
  if (lock === undefined && !late) return;
  try {
    await takeBack(edge, reason);
  } finally {
    await lock?.release();
  }
}

/** Pids of another boot or name space tell nothing, so that only the deadline counts there. */
function deployerLives(activation: Activation): boolean {
  return activation.space !== processSpace() || isAlive(activation.deployer);
}

const logLimit = 16 * 1024 * 1024;

/** Keeps every log below twice 16 MiB: the processes hold the file open for appending, so it is copied and cut. */
export async function rotateLogs(edge: Edge): Promise<void> {
  for (const name of await readdir(edge.paths.log).catch(() => [])) {
    if (!name.endsWith(".log")) continue;
    const path = join(edge.paths.log, name);
    if ((await stat(path)).size < logLimit) continue;
    await copyFile(path, `${path}.1`);
    await truncate(path);
  }
}
