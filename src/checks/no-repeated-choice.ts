/** CREW2207: an agent that is tried twice for one call. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" }, agent_marcus: { uri: "sip:10.0.4.11:5080" } };
const sample = (next: string) =>
  sampleTrunk({
    agents,
    sip: {
      inbound_routes: [
        { match: { to_user: "main" }, agent_id: "agent_sarah", on_failure: [{ agent_id: next }] },
        { match: { to_user: "support" }, agent_id: "agent_marcus" },
      ],
    },
  });

export const check = {
  code: "CREW2207",
  name: "noRepeatedChoice",
  severity: "warning",
  summary: "A route names the same agent or number twice.",
  why: "Whoever could not take the call a moment ago is asked again, and the caller waits for nothing.",
  beside: "any",
  bad: sample("agent_sarah"),
  good: sample("agent_marcus"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const route of trunk.routes) {
        if (route.destinations.length < 2) continue;
        const seen = new Map<string, string>();
        for (const destination of route.destinations) {
          if (destination.type === "refuse") continue;
          const choice =
            destination.type === "agent"
              ? `Agent '${destination.agent}'`
              : `${destination.number} over trunk '${destination.via}'`;
          const first = seen.get(choice);
          if (first === undefined) seen.set(choice, destination.at);
          else
            report({
              pointer: destination.at,
              message: `${choice} has already been tried for this call.`,
              related: [{ pointer: first, label: "first here" }],
              help: "Name another agent or number, or give the agent several URIs that stand in for each other.",
            });
        }
      }
  },
} satisfies Check;
