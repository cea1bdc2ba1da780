/**
 * The guard of an edge, a process of its own under supervision. It keeps supervisors alive, reconnects proxies with a relay
 * that came back, takes back deployments whose deployer died, stops generations that carry no calls any more, and keeps the
 * counters of calls right. Started with the state folder as argument.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { reopenEdge } from "./edge.ts";
import { reconnect } from "./guard/reconnect.ts";
import { hasNewcomer, newRecounting, recount } from "./guard/recount.ts";
import { newDraining, retire } from "./guard/retire.ts";
import { judge, rotateLogs } from "./guard/watch.ts";

const beatMs = 250;
/** Beats between two looks at the running proxies, at the counters, and at the logs. */
const lookEvery = 2;
const recountEvery = 8;
const rotateEvery = 240;

async function main(root: string): Promise<never> {
  const edge = await reopenEdge(root);
  if (edge === undefined) throw new Error(`${root} is no state folder of an edge`);
  const draining = newDraining();
  const recounting = newRecounting();
  const report = (error: unknown): void => console.error(error instanceof Error ? error.stack : error);
  for (let beat = 0; ; beat++) {
    edge.supervisor.revive();
    if (hasNewcomer(edge, recounting) || beat % recountEvery === 0)
      await recount(edge, recounting).catch(report);
    await judge(edge).catch(report);
    if (beat % lookEvery === 0) {
      await reconnect(edge).catch(report);
      await retire(edge, draining).catch(report);
    }
    if (beat % rotateEvery === 0) await rotateLogs(edge).catch(report);
    await sleep(beatMs);
  }
}

await main(process.argv[2] ?? "");
