/**
 * The guard of an edge, a process of its own under supervision. It keeps supervisors alive, reconnects proxies with a relay
 * that came back, has them take replaced certificates, takes back deployments whose deployer died, stops generations that carry
 * no calls any more, keeps the counters of calls right and what PBXs registered, ends calls that are over, and sends the digits of
 * agents on as INFO. Started with the state folder as argument.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { keepContacts, newKeeping } from "./contacts.ts";
import { type Edge, reopenEdge } from "./edge.ts";
import { type Certificates, renewCertificates } from "./guard/certificates.ts";
import { hearDigits, newHearing } from "./guard/digits.ts";
import { endCalls, newEnding } from "./guard/end-calls.ts";
import { reconnect } from "./guard/reconnect.ts";
import { hasNewcomer, newRecounting, recount } from "./guard/recount.ts";
import { newDraining, retire } from "./guard/retire.ts";
import { judge, rotateLogs } from "./guard/watch.ts";

const beatMs = 250;
/** Beats between two looks at the running proxies, and between two looks at the logs. */
const lookEvery = 2;
const rotateEvery = 240;
/** Beats between two looks at the certificate files. */
const renewEvery = 20;
const counterBeatMs = 50;
const recountEvery = 40;
const endBeatMs = 2000;

async function main(root: string): Promise<never> {
  const edge = await reopenEdge(root);
  if (edge === undefined) throw new Error(`${root} is no state folder of an edge`);
  const draining = newDraining();
  const certificates: Certificates = {};
  const keeping = newKeeping();
  void keepCounters(edge);
  void keepCalls(edge);
  for (let beat = 0; ; beat++) {
    edge.supervisor.revive();
    await judge(edge).catch(report);
    await keepContacts(edge, keeping).catch(report);
    if (beat % lookEvery === 0) {
      await reconnect(edge).catch(report);
      await retire(edge, draining).catch(report);
    }
    if (beat % renewEvery === 0) await renewCertificates(edge, certificates).catch(report);
    if (beat % rotateEvery === 0) await rotateLogs(edge).catch(report);
    await sleep(beatMs);
  }
}

/** New calls wait for a process that has just started to be told of those that there are, so this waits for nothing else. */
async function keepCounters(edge: Edge): Promise<never> {
  const memory = newRecounting();
  for (let beat = 0; ; beat++) {
    if (hasNewcomer(edge, memory) || beat % recountEvery === 0) await recount(edge, memory).catch(report);
    await sleep(counterBeatMs);
  }
}

async function keepCalls(edge: Edge): Promise<never> {
  const memory = newEnding();
  const hearing = newHearing();
  for (;;) {
    await endCalls(edge, memory).catch(report);
    await hearDigits(edge, hearing).catch(report);
    await sleep(endBeatMs);
  }
}

function report(error: unknown): void {
  console.error(error instanceof Error ? error.stack : error);
}

await main(process.argv[2] ?? "");
