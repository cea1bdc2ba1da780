/** CREW2206: a trunk without routes. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

export const check = {
  code: "CREW2206",
  name: "useRoutes",
  severity: "warning",
  summary: "A trunk has no inbound routes.",
  why: "A call that no route matches is answered with 404 Not Found.",
  bad: sampleTrunk({ sip: { inbound_routes: [] } }),
  good: sampleTrunk({}),
  run(model, report) {
    for (const trunk of model.trunks)
      if (trunk.routes.length === 0)
        report({
          pointer: join(trunk.at, "sip", "inbound_routes"),
          message: `Trunk '${trunk.id}' has no inbound routes: all its inbound calls are answered with 404.`,
          help: `Add 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }]'.`,
        });
  },
} satisfies Check;
