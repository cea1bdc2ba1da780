/** CREW3121: an agent by host name. */

import { addressKind } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (uri: string) => sampleTrunk({ agents: { agent_sarah: { uri } } });

export const check = {
  code: "CREW3121",
  name: "noHostNameAgent",
  severity: "info",
  summary: "An agent is named by a host name.",
  why: "The edge looks the name up while it runs, so calls depend on DNS, and the firewall cannot pin the agent's address.",
  bad: sample("sip:sarah.agents.example:5080"),
  good: sample("sip:10.0.4.10:5080"),
  run(model, report) {
    for (const agent of model.agents)
      for (const target of agent.targets)
        if (addressKind(target.host) === "name")
          report({
            pointer: target.at,
            message: `Agent '${agent.id}' is reached by the name '${target.host}', which DNS has to resolve.`,
            help: "Write the address where it does not change.",
          });
  },
} satisfies Check;
