/** CREW3110: an agent's address that is the edge's own. */

import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { networkSockets } from "./sockets.ts";

const sample = (uri: string) => sampleTrunk({ agents: { agent_sarah: { uri } } });

export const check = {
  code: "CREW3110",
  name: "noAgentAtEdge",
  severity: "error",
  summary: "An agent's address is a listener of the edge itself.",
  why: "The edge would send the call to itself, round and round, until the hops run out.",
  beside: "network",
  bad: sample("sip:198.51.100.7:5060"),
  good: sample("sip:10.0.4.10:5080"),
  run(model, report) {
    const own = networkSockets(model.edge.network);
    for (const agent of model.agents)
      for (const target of agent.targets) {
        const socket = own.find(
          (s) => s.address === target.host && s.port === target.port && s.transport === target.transport,
        );
        if (socket !== undefined)
          report({
            pointer: target.at,
            message: `${target.host}:${target.port} is where the edge itself listens (${socket.side === "carrier" ? "carrier" : "agent"} side).`,
            help: "Write the address of the host that runs the agent.",
          });
      }
  },
} satisfies Check;
