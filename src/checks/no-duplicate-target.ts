/** CREW3122: an agent with the same address twice. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (second: string) =>
  sampleTrunk({ agents: { agent_sarah: { uri: ["sip:10.0.4.10:5080", second] } } });

export const check = {
  code: "CREW3122",
  name: "noDuplicateTarget",
  severity: "warning",
  summary: "An agent has the same address twice.",
  why: "The second one stands in for nothing: when the host is down, both are.",
  beside: "any",
  bad: sample("sip:10.0.4.10:5080"),
  good: sample("sip:10.0.4.11:5080"),
  run(model, report) {
    for (const agent of model.agents) {
      const first = new Map<string, string>();
      for (const target of agent.targets) {
        const key = `${target.host} ${target.port} ${target.transport}`;
        const twin = first.get(key);
        if (twin === undefined) first.set(key, target.at);
        else
          report({
            pointer: target.at,
            message: `Agent '${agent.id}' has the address ${target.host}:${target.port} twice.`,
            related: [{ pointer: twin, label: "first here" }],
            help: "Remove it, or write the address of another host; a share of the load is given by 'weight'.",
          });
      }
    }
  },
} satisfies Check;
