/** CREW2219: a limit that another one keeps from being reached. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (calls: number) => sampleTrunk({ limits: { calls: 20, inbound: { calls } } });

export const check = {
  code: "CREW2219",
  name: "noIdleLimit",
  severity: "warning",
  summary: "The limit of one direction is above that of both together.",
  why: "It can never be reached; most often a number was mistyped.",
  bad: sample(30),
  good: sample(15),
  run(model, report) {
    for (const { at, limits } of model.trunks)
      for (const direction of ["inbound", "outbound"] as const)
        for (const property of ["calls", "calls_per_second"] as const) {
          const [own, both] = [limits[direction][property], limits[property]];
          if (own !== undefined && both !== undefined && own > both)
            report({
              pointer: join(at, "limits", direction, property),
              message: `${own} is never reached: both directions together have ${both}.`,
              related: [{ pointer: join(at, "limits", property), label: "the limit of both" }],
              help: `Write at most ${both}, or raise '${property}'.`,
            });
        }
  },
} satisfies Check;
