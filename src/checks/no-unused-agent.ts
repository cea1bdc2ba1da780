/** CREW2204: an agent that no route names. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" }, agent_marcus: { uri: "sip:10.0.4.11:5080" } };
const main = { match: { to_user: "main" }, agent_id: "agent_sarah" };

export const check = {
  code: "CREW2204",
  name: "noUnusedAgent",
  severity: "warning",
  summary: "No route leads to an agent.",
  why: "An agent that no route names gets no call; often its route was forgotten.",
  bad: sampleTrunk({ agents, sip: { inbound_routes: [main] } }),
  good: sampleTrunk({
    agents,
    sip: { inbound_routes: [{ ...main, on_failure: [{ agent_id: "agent_marcus" }] }] },
  }),
  run(model, report) {
    if (model.trunks.every((trunk) => trunk.routes.length === 0)) return;
    const used = new Set<string>();
    for (const trunk of model.trunks)
      for (const route of trunk.routes)
        for (const destination of route.destinations)
          if (destination.type === "agent") used.add(destination.agent);
    if (used.size === model.agents.length) return;
    // An agent that proves who it is may be there to place calls alone.
    for (const agent of model.agents)
      if (!used.has(agent.key) && agent.auth === undefined && agent.allowed_ips.length === 0)
        report({
          pointer: agent.at,
          part: "key",
          message: `No route leads to agent '${agent.id}'.`,
          help: "Give it a route, name it in an 'on_failure' list, or remove it; one that only places calls says so by 'allowed_ips'.",
        });
  },
} satisfies Check;
