/** Stops everything of an edge; its state stays. */
import { rm } from "node:fs/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { acquireLock } from "../host/lock.ts";
import type { Edge } from "./edge.ts";
import { loadedFirewall, mayLoadFirewall, removeFirewall } from "./firewall.ts";
import { problems } from "./problems.ts";
import { guardService } from "./processes.ts";
import { relayService, stopRelay } from "./relay.ts";
import { currentGeneration, generationOf, setStatus } from "./state/generations.ts";
import { takeBack } from "./take-back.ts";

export interface DownReport {
  readonly outcome: "down" | "locked" | "not_stopped";
  /** What was stopped. */
  readonly stopped: readonly string[];
  readonly firewallRemoved: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** The guard goes first, so that nothing comes back; then the proxies, the relay, the firewall. */
export async function down(edge: Edge, say: (line: string) => void): Promise<DownReport> {
  const { supervisor, paths } = edge;
  const lock = await acquireLock(paths.lock, { timeout: 2000 });
  if (lock === undefined)
    return {
      outcome: "locked",
      stopped: [],
      firewallRemoved: false,
      diagnostics: [problems.locked(undefined)],
    };
  try {
    const stopped: string[] = [];
    const failed: string[] = [];
    const stop = async (name: string): Promise<void> => {
      const ran = supervisor.state(name).main !== undefined;
      if (ran) say(`stop ${name}`);
      const gone =
        name === relayService ? await stopRelay(edge) : await supervisor.down(name, { remove: true });
      if (!gone) failed.push(name);
      else if (ran) stopped.push(name);
    };
    await stop(guardService);
    await takeBack(edge, "the edge was stopped");
    const proxies = supervisor.names().filter((name) => generationOf(name) !== undefined);
    await Promise.all(proxies.map(stop));
    for (const name of supervisor.names()) await stop(name);
    const current = await currentGeneration(paths);
    for (const name of proxies) {
      const generation = generationOf(name);
      if (generation !== undefined && generation !== current)
        await setStatus(paths, generation, "retired", "the edge was stopped");
    }
    await rm(paths.run, { recursive: true, force: true });
    const loaded = (await loadedFirewall(edge)) !== undefined;
    const reason = loaded ? await dropFirewall(edge) : undefined;
    return {
      outcome: failed.length > 0 || reason !== undefined ? "not_stopped" : "down",
      stopped,
      firewallRemoved: loaded && reason === undefined,
      diagnostics: [
        ...(failed.length > 0 ? [problems.notStopped(failed)] : []),
        ...(reason === undefined ? [] : [problems.firewallStays(reason)]),
      ],
    };
  } finally {
    await lock.release();
  }
}

function dropFirewall(edge: Edge): Promise<string | undefined> {
  return mayLoadFirewall() ? removeFirewall(edge) : Promise.resolve("this process lacks CAP_NET_ADMIN");
}
