/** The Kamailio processes that run, of whatever generation. */
import type { Edge } from "../edge.ts";
import { generationOf } from "../state/generations.ts";
import type { ProcessId } from "../supervise/process.ts";

export interface Proxy {
  readonly generation: number;
  readonly process: ProcessId;
}

export function runningProxies(edge: Edge): readonly Proxy[] {
  return edge.supervisor.names().flatMap((name) => {
    const generation = generationOf(name);
    const process = generation === undefined ? undefined : edge.supervisor.main(name);
    return generation === undefined || process === undefined ? [] : [{ generation, process }];
  });
}

/** A name of this very process, for what was found out about it. */
export function processName({ generation, process: { pid, started } }: Proxy): string {
  return `${generation} ${pid} ${started}`;
}
