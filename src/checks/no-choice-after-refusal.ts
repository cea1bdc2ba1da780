/** CREW2208: what stands behind a refusal. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" }, agent_marcus: { uri: "sip:10.0.4.11:5080" } };
const refuse = { refuse: { code: 480 } };
const marcus = { agent_id: "agent_marcus" };
const sample = (next: readonly (typeof refuse | typeof marcus)[]) =>
  sampleTrunk({
    agents,
    sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah", on_failure: next }] },
  });

export const check = {
  code: "CREW2208",
  name: "noChoiceAfterRefusal",
  severity: "error",
  summary: "A route goes on after a refusal.",
  why: "A refusal ends the call, so what stands after it is never tried.",
  beside: "any",
  bad: sample([refuse, marcus]),
  good: sample([marcus, refuse]),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const route of trunk.routes) {
        if (route.destinations.length < 2) continue;
        const end = route.destinations.findIndex((d) => d.type === "refuse");
        const refusal = route.destinations[end];
        const next = route.destinations[end + 1];
        if (refusal !== undefined && next !== undefined)
          report({
            pointer: next.at,
            message: "This is never tried: the call has been refused before.",
            related: [{ pointer: refusal.at, label: "refused here" }],
            help: "Put the refusal last.",
          });
      }
  },
} satisfies Check;
