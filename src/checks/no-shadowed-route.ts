/** CREW2202: a rule behind a wider one. */
import { join } from "../core/pointer.ts";
import type { RouteModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { covers } from "./coverage.ts";
import { sampleTrunk } from "./sample.ts";

const wide = { match: { to_prefix: "+1415" }, agent_id: "agent_sarah" };
const narrow = { match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" };

export const check = {
  code: "CREW2202",
  name: "noShadowedRoute",
  severity: "error",
  summary: "A route can never match, because one before it takes all its calls.",
  why: "Routes are tried in file order and the first that matches wins, so a wide rule hides every narrower rule below it.",
  beside: "any",
  bad: sampleTrunk({ sip: { inbound_routes: [wide, narrow] } }),
  good: sampleTrunk({ sip: { inbound_routes: [narrow, wide] } }),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { route, by, same } of covers(trunk))
        if (!same)
          report({
            pointer: join(route.at, "match"),
            message: `The route for ${name(route)} never gets a call: the one for ${name(by)} takes them all.`,
            related: [{ pointer: join(by.at, "match"), label: "this one takes them" }],
            help: "Move the narrower rule before the wider one, or remove it.",
          });
  },
} satisfies Check;

function name(route: RouteModel): string {
  return route.label.replace("inbound_routes › ", "");
}
