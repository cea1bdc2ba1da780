/** Undoes an activation: the new process stops, which gives the port back to the old one at once. */
import { rm } from "node:fs/promises";
import type { Edge } from "./edge.ts";
import { revertFirewall } from "./firewall.ts";
import { relayGeneration, runRelay, stopRelay } from "./relay.ts";
import { claim, readJson } from "./state/files.ts";
import { type Activation, kamailioService, setStatus } from "./state/generations.ts";

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
  if (!(await edge.supervisor.down(kamailioService(generation), { remove: true })))
    failures.push(`Kamailio of generation ${generation} does not stop`);
  const firewall = await revertFirewall(edge, generation);
  if (firewall !== undefined)
    failures.push(`the firewall of generation ${previous} does not load: ${firewall}`);
  if ((await relayGeneration(paths)) !== (relay_before ?? undefined)) {
    const back = relay_before === null ? await stopRelay(edge) : await runRelay(edge, relay_before);
    if (!back) failures.push("rtpengine does not run as before");
  }
  await setStatus(paths, generation, "failed", reason);
  await rm(paths.rollback, { force: true });
  return { activation, ...(failures.length > 0 ? { failure: failures.join("; ") } : {}) };
}
