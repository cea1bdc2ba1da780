/** CREW2209: a bound on ringing where nothing rings, or that never comes to pass. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (seconds: number) =>
  sampleTrunk({
    sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah", ring_timeout: seconds }] },
  });

/** After so many seconds of ringing callers' systems give up (RFC 3261 section 16.6, timer C). */
const callersPatience = 180;

export const check = {
  code: "CREW2209",
  name: "noIdleRingTimeout",
  severity: "warning",
  summary: "A 'ring_timeout' has no effect.",
  why: "Callers' systems end a call that has rung for three minutes (timer C of RFC 3261), and a refusal does not ring at all.",
  bad: sample(240),
  good: sample(30),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const route of trunk.routes) {
        if (route.ring_timeout === undefined) continue;
        const rings = route.destinations.some((d) => d.type !== "refuse");
        if (rings && route.ring_timeout <= callersPatience) continue;
        report({
          pointer: join(route.at, "ring_timeout"),
          message: rings
            ? `${route.ring_timeout} s of ringing never come to pass: callers give up after ${callersPatience} s.`
            : "The route only refuses calls, so nothing rings.",
          help: rings ? "Choose 15 to 60 seconds." : "Remove 'ring_timeout'.",
        });
      }
  },
} satisfies Check;
