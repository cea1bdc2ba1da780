/** Stops generations that carry no calls any more. */
import { controlSocket, openConnections, transactions } from "../control.ts";
import type { Edge } from "../edge.ts";
import { stopRegistering } from "../registrations.ts";
import { currentGeneration, generationOf, kamailioService, setStatus } from "../state/generations.ts";

/** Seconds after which open TCP and TLS connections no longer hold a generation. */
const connectionGrace = 30;
/** Seconds after which nothing holds a generation: longer than any call rings. */
const transactionGrace = 600;
/** Looks in a row that must find nothing. */
const quietLooks = 2;

/** What the guard remembers between looks; lost without harm. */
export interface Draining {
  readonly since: Map<number, number>;
  readonly quiet: Map<number, number>;
}

export function newDraining(): Draining {
  return { since: new Map(), quiet: new Map() };
}

/** One look at every superseded generation; the oldest goes first, since newer ones hand its replies on to it. */
export async function retire(edge: Edge, draining: Draining, now = performance.now()): Promise<void> {
  const current = await currentGeneration(edge.paths);
  if (current === undefined) return;
  const superseded = edge.supervisor
    .names()
    .map(generationOf)
    .filter((n): n is number => n !== undefined && n < current)
    .sort((a, b) => a - b);
  for (const generation of superseded) {
    if (!draining.since.has(generation)) {
      draining.since.set(generation, now);
      await stopRegistering(controlSocket(edge, generation));
      await setStatus(edge.paths, generation, "draining");
    }
  }
  const oldest = superseded[0];
  if (oldest === undefined) return;
  const seconds = (now - (draining.since.get(oldest) ?? now)) / 1000;
  const busy = seconds < transactionGrace && (await isBusy(edge, oldest, seconds));
  const quiet = busy ? 0 : (draining.quiet.get(oldest) ?? 0) + 1;
  draining.quiet.set(oldest, quiet);
  if (quiet < quietLooks) return;
  if (await edge.supervisor.down(kamailioService(oldest), { remove: true })) {
    await setStatus(edge.paths, oldest, "retired");
    draining.since.delete(oldest);
    draining.quiet.delete(oldest);
  }
}

async function isBusy(edge: Edge, generation: number, seconds: number): Promise<boolean> {
  if (edge.supervisor.state(kamailioService(generation)).main === undefined) return false;
  const socket = controlSocket(edge, generation);
  const open = await transactions(socket);
  // One that does not answer is being started or stopped; what it holds is lost after ten seconds either way.
  if (open === undefined) return seconds < 10;
  if (open.all > 0) return true;
  return seconds < connectionGrace && (await openConnections(socket)) > 0;
}
