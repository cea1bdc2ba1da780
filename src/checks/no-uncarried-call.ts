/** CREW2212: calls over a trunk that has no way out. */
import { join } from "../core/pointer.ts";
import type { TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const callers = { country: "US" };
const routes = [
  { match: { to_user: "main" }, agent_id: "agent_sarah", on_failure: [{ forward: "+14155550100" }] },
];

export const check = {
  code: "CREW2212",
  name: "noUncarriedCall",
  severity: "error",
  summary: "A call is sent over a trunk that says nowhere where calls go.",
  why: "A trunk carries calls to the carrier side only where 'outbound' says where the provider or PBX takes them, or where the other end registers its address.",
  bad: sampleTrunk({ ...callers, sip: { inbound_routes: routes } }),
  good: sampleTrunk({
    ...callers,
    sip: { inbound_routes: routes, outbound: { uri: "sip:provider.example" } },
  }),
  run(model, report) {
    const closed = new Map(model.trunks.filter((t) => !carries(t)).map((t) => [t.id, t]));
    if (closed.size === 0) return;
    const help = (trunk: TrunkModel) =>
      `Give trunk '${trunk.id}' 'outbound: { uri: "sip:provider.example" }', or name another trunk in 'via'.`;
    for (const trunk of model.trunks)
      for (const route of trunk.routes)
        for (const destination of route.destinations) {
          const way = destination.type === "forward" ? closed.get(destination.via) : undefined;
          if (way !== undefined)
            report({
              pointer: destination.at,
              message: `Trunk '${way.id}' has no 'outbound', so it cannot carry this call.`,
              related: [{ pointer: way.at, label: `trunk '${way.id}'` }],
              help: help(way),
            });
        }
    for (const { at, via } of model.edge.outbound_routes) {
      const way = via.map((id) => closed.get(id)).find((trunk) => trunk !== undefined);
      if (way !== undefined)
        report({
          pointer: join(at, "via"),
          message: `Trunk '${way.id}' has no 'outbound', so it cannot carry these calls.`,
          related: [{ pointer: way.at, label: `trunk '${way.id}'` }],
          help: help(way),
        });
    }
  },
} satisfies Check;

function carries({ outbound, auth }: TrunkModel): boolean {
  return outbound !== undefined || (auth.type === "digest" && auth.register);
}
