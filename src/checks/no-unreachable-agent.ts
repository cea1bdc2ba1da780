/** CREW3109: an agent that the agent-side socket cannot reach. */
import { isIP } from "node:net";
import { addressKind } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (uri: string) => sampleTrunk({ agents: { agent_sarah: { uri } } });

export const check = {
  code: "CREW3109",
  name: "noUnreachableAgent",
  severity: "error",
  summary: "The edge has no socket from which an agent can be reached.",
  why: "A message leaves from the agent-side address with a port of that transport. An IPv4 address cannot send to IPv6, one on loopback cannot send to another host, and a transport that is off sends nothing.",
  bad: sample("sip:[2001:db8::10]:5080"),
  good: sample("sip:10.0.4.10:5080"),
  run(model, report) {
    const { agents } = model.edge.network;
    for (const agent of model.agents)
      for (const target of agent.targets) {
        const family = isIP(target.host);
        const reason =
          agents[target.transport] === undefined
            ? `${target.transport.toUpperCase()} is off on the agent side`
            : family !== 0 && family !== isIP(agents.address)
              ? `the agent side has the ${isIP(agents.address) === 4 ? "IPv4" : "IPv6"} address ${agents.address}`
              : addressKind(agents.address) === "loopback" &&
                  !["loopback", "name"].includes(addressKind(target.host))
                ? `the agent side is on loopback (${agents.address})`
                : undefined;
        if (reason === undefined) continue;
        const ownEdge = reason.includes("loopback") && model.edge.implied;
        report({
          pointer: target.at,
          ...(ownEdge ? { severity: "warning" as const } : {}),
          message: `Agent '${agent.id}' cannot be reached at ${target.host}: ${reason}.`,
          help: reason.includes("off")
            ? target.transport === "tls" && model.edge.network.tls === undefined
              ? "Give the edge a certificate ('network.tls'), with which TLS comes on, or another transport to the agent."
              : `Give 'network.agents.${target.transport}' a port, or another transport to the agent.`
            : "Set 'network.agents.address' to the edge's address in the agents' network.",
        });
      }
  },
} satisfies Check;
