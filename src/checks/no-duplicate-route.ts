/** CREW2201: two rules with the same conditions. */
import { join } from "../core/pointer.ts";
import type { RouteModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { covers } from "./coverage.ts";
import { sampleTrunk } from "./sample.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10" }, agent_marcus: { uri: "sip:10.0.4.11" } };
const sample = (second: string) =>
  sampleTrunk({
    agents,
    sip: {
      inbound_routes: [
        { match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" },
        { match: { to_uri: second }, agent_id: "agent_marcus" },
      ],
    },
  });

export const check = {
  code: "CREW2201",
  name: "noDuplicateRoute",
  severity: "error",
  summary: "Two routes of a trunk have the same conditions.",
  why: "The first rule that matches takes the call, so the second one never gets any; most often a number was copied and not changed.",
  beside: "any",
  bad: sample("+14155551111"),
  good: sample("+14155552222"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { route, by, same } of covers(trunk))
        if (same)
          report({
            pointer: join(route.at, "match"),
            message: `Trunk '${trunk.id}' has two routes for ${name(route)}; this one never gets a call.`,
            related: [{ pointer: join(by.at, "match"), label: "this one takes them" }],
            help: "Remove one of them, or change its conditions.",
          });
  },
} satisfies Check;

function name(route: RouteModel): string {
  return route.label.replace("inbound_routes › ", "");
}
