/** What on this host stands in the way of an edge before anything starts. */
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Model } from "../model/model.ts";
import type { Edge } from "./edge.ts";
import {
  addressesOf,
  holderOf,
  hostAddresses,
  isLocal,
  type Listener,
  listenersOf,
  lowestPort,
  relayListeners,
} from "./ports.ts";
import { problems } from "./problems.ts";
import { generationNumbers, readFacts } from "./state/generations.ts";
import { generationPaths } from "./state/paths.ts";

/**
 * Addresses that the host does not have (CREW6007), ports that others hold (CREW6006) or that this user may not bind to
 * (CREW6028), paths too long (CREW6008).
 */
export async function hostProblems(edge: Edge, model: Model): Promise<readonly Diagnostic[]> {
  const foreign = addressesOf(model).filter(({ address }) => !isLocal(address));
  if (foreign.length > 0)
    return foreign.map(({ at, address }) => problems.foreignAddress(at, address, hostAddresses()));
  const ours = (): ReadonlySet<number> =>
    new Set(edge.supervisor.names().flatMap((name) => edge.supervisor.state(name).pids));
  const held = async (listeners: readonly Listener[]) =>
    (
      await Promise.all(
        listeners.map(async (listener) => ({ listener, holder: await holderOf(listener, ours) })),
      )
    ).flatMap(({ listener, holder }) =>
      holder === undefined
        ? []
        : {
            at: listener.at,
            name: nameOf(listener),
            by: holder.pid === undefined ? undefined : `${holder.program} (process ${holder.pid})`,
          },
    );
  const lowest = lowestPort();
  const privileged = listenersOf(model).filter(({ port }) => port < lowest);
  const socket = join(generationPaths(edge.paths, 1_000_000).private, "ctl.sock");
  return [
    ...(Buffer.byteLength(socket) > 107 ? [problems.longPath(socket)] : []),
    ...privileged.map((listener) => problems.privilegedPort(listener.at, nameOf(listener), lowest)),
    ...(await held(listenersOf(model))).map(({ at, name, by }) => problems.portTaken(at, name, by)),
    ...(await held(relayListeners)).map(({ name, by }) => problems.relayPortTaken(name, by)),
  ];
}

function nameOf({ protocol, port, address }: Listener): string {
  return `${protocol.toUpperCase()} port ${port} of ${address}`;
}

/** Private ports of the last generations, some of which may still run. */
export async function usedPorts(edge: Edge): Promise<ReadonlySet<number>> {
  const facts = await Promise.all(
    generationNumbers(edge.paths)
      .slice(-50)
      .map((n) => readFacts(edge.paths, n)),
  );
  return new Set(facts.flatMap((f) => (f === undefined ? [] : [f.handover_port])));
}
