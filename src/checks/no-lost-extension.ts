/** CREW2225: a forward to an extension over a trunk whose other end is no PBX that registers. */
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" } };
const sample = (outbound: { readonly [name: string]: { readonly [name: string]: string } }) =>
  sampleEdge({
    trunks: [
      {
        crew_id: "office",
        agents,
        country: "US",
        sip: {
          nat: false,
          auth: { type: "digest", username: "office", password: { secret: "OFFICE_PASSWORD" } },
          inbound_routes: [
            { match: { to_user: "main" }, agent_id: "agent_sarah" },
            { match: { to_user: "desk" }, forward: { extension: "200" } },
          ],
          ...outbound,
        },
      },
    ],
  });

export const check = {
  code: "CREW2225",
  name: "noLostExtension",
  severity: "error",
  summary: "A call is forwarded to an extension over a trunk with 'outbound'.",
  why: "An extension is a name inside of a PBX that registers here. Over 'outbound' calls go to numbers in E.164, which other telephones of the world have too.",
  bad: sample({ outbound: { uri: "sip:203.0.113.50" } }),
  good: sample({}),
  run(model, report) {
    const trunks = new Map(model.trunks.map((t) => [t.id, t]));
    for (const trunk of model.trunks)
      for (const route of trunk.routes)
        for (const destination of route.destinations) {
          if (destination.type !== "forward" || !destination.extension) continue;
          const way = trunks.get(destination.via);
          if (way?.outbound !== undefined)
            report({
              pointer: destination.at,
              message: `Trunk '${way.id}' calls numbers, and '${destination.number}' is an extension.`,
              related: [{ pointer: way.outbound.at, label: "calls over this trunk go here" }],
              help: "Write the whole number in 'forward', or remove 'outbound' where the PBX registers.",
            });
        }
  },
} satisfies Check;
