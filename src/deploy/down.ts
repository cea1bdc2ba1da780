/** Stops everything of an edge; its state stays. */
import { rm } from "node:fs/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { acquireLock } from "../host/lock.ts";
import type { Edge } from "./edge.ts";
import { loadedFirewall, mayLoadFirewall, removeFirewall } from "./firewall.ts";
import { problems } from "./problems.ts";
import { guardService } from "./processes.ts";
import { relayService, stopRelay } from "./relay.ts";
import { callsInRelay } from "./sessions.ts";
import { currentGeneration, generationOf, readStatus, setStatus } from "./state/generations.ts";
import type { Consent } from "./summary.ts";
import { takeBack } from "./take-back.ts";

/** What would be stopped, before anybody is asked to confirm it. */
export interface DownSummary {
  readonly running: readonly string[];
  /** Calls that rtpengine carries; absent where it does not answer. */
  readonly calls?: number;
}

export interface DownRequest {
  readonly edge: Edge;
  /** Not asked where nothing runs. */
  readonly confirm: (summary: DownSummary) => Promise<Consent>;
  /** Each step as it begins. */
  readonly say: (line: string) => void;
}

export interface DownReport {
  readonly outcome: "down" | "declined" | "unconfirmed" | "locked" | "not_stopped";
  /** What was stopped. */
  readonly stopped: readonly string[];
  readonly firewallRemoved: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** The guard goes first, so that nothing comes back; then the proxies, the relay, the firewall. */
export async function down({ edge, confirm, say }: DownRequest): Promise<DownReport> {
  const { supervisor, paths } = edge;
  const nothing = { stopped: [], firewallRemoved: false } as const;
  const lock = await acquireLock(paths.lock, { timeout: 2000 });
  if (lock === undefined) return { ...nothing, outcome: "locked", diagnostics: [problems.locked(undefined)] };
  try {
    const consent = await consentTo(edge, confirm);
    if (consent === "no") return { ...nothing, outcome: "declined", diagnostics: [] };
    if (consent === "unconfirmed")
      return { ...nothing, outcome: "unconfirmed", diagnostics: [problems.unconfirmed()] };
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
    if (current !== undefined && (await readStatus(paths, current))?.state === "current")
      await setStatus(paths, current, "stopped", "the edge was stopped");
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

async function consentTo(edge: Edge, confirm: DownRequest["confirm"]): Promise<Consent> {
  const { supervisor } = edge;
  const running = supervisor.names().filter((name) => supervisor.state(name).main !== undefined);
  if (running.length === 0) return "yes";
  const calls = await callsInRelay();
  return confirm({ running, ...(calls === undefined ? {} : { calls }) });
}

function dropFirewall(edge: Edge): Promise<string | undefined> {
  return mayLoadFirewall() ? removeFirewall(edge) : Promise.resolve("this process lacks CAP_NET_ADMIN");
}
