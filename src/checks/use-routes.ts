/** CREW2206: a trunk without routes. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { isClosed } from "./use-auth.ts";

export const check = {
  code: "CREW2206",
  name: "useRoutes",
  severity: "warning",
  summary: "A trunk has no inbound routes.",
  why: "A call that reaches the trunk and matches no route is answered with 404 Not Found.",
  bad: sampleTrunk({ sip: { inbound_routes: [] } }),
  good: sampleTrunk({}),
  run(model, report) {
    for (const trunk of model.trunks)
      if (trunk.routes.length === 0)
        report({
          pointer: join(trunk.at, "sip", "inbound_routes"),
          message: isClosed(trunk)
            ? `Trunk '${trunk.id}' has no inbound routes, nor 'auth', without which no inbound call reaches it.`
            : `Trunk '${trunk.id}' has no inbound routes: all its inbound calls are answered with 404.`,
          help: `Add 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }]'${trunk.outbound === undefined ? "" : ", or '[{ match: {}, refuse: { code: 403 } }]' where the trunk is for outbound calls alone"}.`,
        });
  },
} satisfies Check;
