/** Undoes an activation: the new process stops, which gives the port back to the old one at once. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { controlSocket, transactions } from "./control.ts";
import type { Edge } from "./edge.ts";
import { revertFirewall } from "./firewall.ts";
import { relayGeneration, runRelay, stopRelay } from "./relay.ts";
import { claim, readJson } from "./state/files.ts";
import { type Activation, kamailioService, noteStatus } from "./state/generations.ts";

/** Milliseconds in which calls that are set up in the new process may be answered: what still rings then ends with it. */
const answerTime = 2000;

export interface TakenBack {
  readonly activation: Activation;
  /** What could not be undone. */
  readonly failure?: string;
}

/**
 * Takes back the activation that is under way, or goes on with one that was being taken back when its undoer died.
 * `undefined` where there is none, because it was committed or somebody else was first. Safe to repeat.
 */
export async function takeBack(edge: Edge, reason: string): Promise<TakenBack | undefined> {
  const { paths } = edge;
  await claim(paths.activation, paths.rollback);
  const activation = await readJson<Activation>(paths.rollback);
  if (activation === undefined) return undefined;
  const { generation, previous, relay_before } = activation;
  const failures: string[] = [];
  await answered(edge, generation);
  if (!(await edge.supervisor.down(kamailioService(generation), { remove: true })))
    failures.push(`Kamailio of generation ${generation} does not stop`);
  const firewall = await revertFirewall(edge, generation);
  if (firewall !== undefined)
    failures.push(`the firewall of generation ${previous} does not load: ${firewall}`);
  if ((await relayGeneration(paths)) !== (relay_before ?? undefined)) {
    const back = relay_before === null ? await stopRelay(edge) : await runRelay(edge, relay_before);
    if (!back) failures.push("rtpengine does not run as before");
  }
  await noteStatus(paths, generation, "failed", reason);
  await rm(paths.rollback, { force: true });
  return { activation, ...(failures.length > 0 ? { failure: failures.join("; ") } : {}) };
}

/** Waits for a moment in which the process sets no call up, where it answers at all. */
async function answered(edge: Edge, generation: number): Promise<void> {
  const deadline = performance.now() + answerTime;
  while (performance.now() < deadline) {
    const open = await transactions(controlSocket(edge, generation));
    if (open === undefined || open.unanswered === 0) return;
    await sleep(50);
  }
}
