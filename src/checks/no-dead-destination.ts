/** CREW2215: an allowed destination that is denied as a whole. */
import type { Check } from "./check.ts";
import { covers } from "./destinations.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (denied: string) =>
  sampleTrunk({
    sip: {
      outbound: {
        uri: "sip:provider.example",
        allowed_destinations: ["+1", "+4930"],
        denied_destinations: [denied],
      },
    },
  });

export const check = {
  code: "CREW2215",
  name: "noDeadDestination",
  severity: "error",
  summary: "A destination is allowed and denied.",
  why: "What is denied is never called, so the entry in 'allowed_destinations' has no effect.",
  bad: sample("+49"),
  good: sample("+1900"),
  run(model, report) {
    for (const { outbound } of model.trunks)
      for (const allowed of outbound?.allowed_destinations ?? []) {
        const denied = outbound?.denied_destinations.find((d) => covers(d.prefix, allowed.prefix));
        if (denied !== undefined)
          report({
            pointer: allowed.at,
            message: `'${allowed.prefix}' is never called: '${denied.prefix}' is denied.`,
            related: [{ pointer: denied.at, label: "denied here" }],
            help: "Remove one of the two.",
          });
      }
  },
} satisfies Check;
