/** Puts a running edge back together where more of it died at once than it can start again by itself. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Edge } from "./edge.ts";
import { logMark, notStarted } from "./last-words.ts";
import { problems } from "./problems.ts";
import { guardService, runGuard } from "./processes.ts";
import { relayGeneration, relayService, runRelay } from "./relay.ts";

/** Milliseconds in which supervision starts again what has just died. */
const patience = 3000;

/** Starts guard and rtpengine where they do not run; `generation` is the one that carries the calls. Nothing to say where they run. */
export async function repair(edge: Edge, generation: number): Promise<readonly Diagnostic[]> {
  const missing = (): readonly string[] =>
    [guardService, relayService].filter((name) => edge.supervisor.state(name).main === undefined);
  for (let waited = 0; waited < patience && missing().length > 0; waited += 100) await sleep(100);
  const names = missing();
  if (names.length === 0) return [];
  if (names.includes(guardService)) await runGuard(edge);
  if (names.includes(relayService)) {
    const mark = await logMark(edge, "rtpengine.log");
    const relay = (await relayGeneration(edge.paths)) ?? generation;
    if (!(await runRelay(edge, relay)))
      return [
        await notStarted(edge, "rtpengine", "rtpengine.log", "it does not answer on its control port", mark),
      ];
  }
  edge.supervisor.revive();
  return [problems.repaired(names)];
}
