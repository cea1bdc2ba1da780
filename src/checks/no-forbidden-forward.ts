/** CREW2213: a forward to a number that its trunk does not call. */
import type { Check } from "./check.ts";
import { refusing } from "./destinations.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (forward: string) =>
  sampleTrunk({
    sip: {
      outbound: { uri: "sip:provider.example", allowed_destinations: ["+1"] },
      inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah", on_failure: [{ forward }] }],
    },
  });

export const check = {
  code: "CREW2213",
  name: "noForbiddenForward",
  severity: "error",
  summary: "A call is forwarded to a number that the trunk may not call.",
  why: "What a trunk may call is bounded against toll fraud, also for forwarded calls: this one would be refused with 403.",
  bad: sample("+49301234567"),
  good: sample("+14155550100"),
  run(model, report) {
    const trunks = new Map(model.trunks.map((t) => [t.id, t]));
    for (const trunk of model.trunks)
      for (const route of trunk.routes)
        for (const destination of route.destinations) {
          if (destination.type !== "forward" || destination.extension) continue;
          const { outbound } = trunks.get(destination.via) ?? {};
          const entry = outbound === undefined ? undefined : refusing(outbound, destination.number);
          if (outbound === undefined || entry === undefined) continue;
          const list = entry === "unlisted" ? "allowed_destinations" : "denied_destinations";
          report({
            pointer: destination.at,
            message: `Trunk '${destination.via}' may not call ${destination.number}.`,
            related: [
              {
                pointer:
                  entry === "unlisted" ? (outbound.allowed_destinations[0]?.at ?? outbound.at) : entry.at,
                label: entry === "unlisted" ? "only these may be called" : "these may not",
              },
            ],
            help: `Change '${list}' of the trunk, or name another trunk in 'via'.`,
          });
        }
  },
} satisfies Check;
