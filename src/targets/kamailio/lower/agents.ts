/** Agents as dispatcher sets: one set for each priority of an agent. */
import { bracketed } from "../../../core/host.ts";
import type { AgentModel, AgentTarget, NetworkModel } from "../../../model/model.ts";
import type { DispatcherRow } from "../doc.ts";

export interface AgentSets {
  readonly rows: readonly DispatcherRow[];
  /** Key of an agent → its sets, first choice first. Empty where it has no target that can be reached. */
  readonly sets: ReadonlyMap<string, readonly number[]>;
}

/** Numbers sets from 1 in the order of the Model's agents. */
export function lowerAgents(agents: readonly AgentModel[], network: NetworkModel): AgentSets {
  const rows: DispatcherRow[] = [];
  const sets = new Map<string, readonly number[]>();
  let next = 1;
  for (const agent of agents) {
    const reachable = agent.targets.filter((t) => network.agents[t.transport] !== undefined);
    const own: number[] = [];
    for (const priority of [...new Set(reachable.map((t) => t.priority))].sort((a, b) => a - b)) {
      const tier = reachable.filter((t) => t.priority === priority);
      const weights = shares(tier.map((t) => t.weight));
      const set = next++;
      tier.forEach((target, i) => {
        rows.push({
          at: target.at,
          set,
          uri: uriOf(target),
          weight: weights[i] ?? 0,
          socket: socketOf(target, network),
        });
      });
      own.push(set);
    }
    sets.set(agent.key, own);
  }
  return { rows, sets };
}

function uriOf(target: AgentTarget): string {
  const host = bracketed(target.host);
  const user = target.user === undefined ? "" : `${target.user}@`;
  const transport = target.transport === "udp" ? "" : `;transport=${target.transport}`;
  return `sip:${user}${host}:${target.port}${transport}`;
}

/** The agent-side socket of the target's transport. By address, since 5.6 finds only UDP sockets by name. */
function socketOf(target: AgentTarget, { agents }: NetworkModel): string {
  const address = bracketed(agents.address);
  const port = agents[target.transport];
  return port === undefined ? "" : `${target.transport}:${address}:${port}`;
}

/** Weights as shares of 100, as the dispatcher wants them; each at least 1. Largest remainders round up. */
export function shares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const exact = weights.map((w) => Math.max(1, (w * 100) / total));
  const floors = exact.map(Math.floor);
  let rest = 100 - floors.reduce((sum, n) => sum + n, 0);
  const order = exact
    .map((x, i) => ({ i, part: x - Math.floor(x) }))
    .sort((a, b) => b.part - a.part || a.i - b.i);
  for (const { i } of order) {
    if (rest <= 0) break;
    floors[i] = (floors[i] ?? 0) + 1;
    rest--;
  }
  return floors;
}
