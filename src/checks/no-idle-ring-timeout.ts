/** CREW2209: a bound on ringing where nothing rings, or that hardly comes to pass. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (seconds: number) =>
  sampleTrunk({
    sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah", ring_timeout: seconds }] },
  });

/** Seconds of ringing after which this edge cancels without `ring_timeout`, and other proxies may (RFC 3261 section 16.6, timer C). */
const usual = 180;
/** Seconds from the INVITE after which the edge cancels in any case (`max_inv_lifetime`). */
const longest = 290;

export const check = {
  code: "CREW2209",
  name: "noIdleRingTimeout",
  severity: "warning",
  summary: "A 'ring_timeout' has no effect, or hardly any.",
  why: "A call that rings is cancelled after 180 s: by this edge where no 'ring_timeout' says otherwise, and by proxies before it, whose timer C (RFC 3261) this edge cannot change. A refusal does not ring at all.",
  bad: sample(240),
  good: sample(30),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const route of trunk.routes) {
        if (route.ring_timeout === undefined) continue;
        const rings = route.destinations.some((d) => d.type !== "refuse");
        if (rings && route.ring_timeout <= usual) continue;
        report({
          pointer: join(route.at, "ring_timeout"),
          message: rings
            ? `${route.ring_timeout} s of ringing hardly come to pass: proxies before the edge cancel after ${usual} s, and the edge itself ${longest} s after the INVITE.`
            : "The route only refuses calls, so nothing rings.",
          help: rings ? "Choose 15 to 60 seconds." : "Remove 'ring_timeout'.",
        });
      }
  },
} satisfies Check;
