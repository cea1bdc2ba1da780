/** CREW2220: national numbers of no nation. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sip = {
  outbound: { uri: "sip:provider.example", number_format: "national", allowed_destinations: ["+49"] },
};

export const check = {
  code: "CREW2220",
  name: "useCountry",
  severity: "error",
  summary: "Numbers are to be written in a national form, but the trunk has no country.",
  why: "What is dialled before a national number, and what stays away, depends on the country.",
  bad: sampleTrunk({ sip }),
  good: sampleTrunk({ country: "DE", sip }),
  run(model, report) {
    for (const { id, outbound, number_plan } of model.trunks)
      if (outbound?.number_format === "national" && number_plan === undefined)
        report({
          pointer: join(outbound.at, "number_format"),
          message: `Trunk '${id}' writes numbers in their national form, but has no 'country'.`,
          help: "Add 'country' to the trunk, for example 'DE'.",
        });
  },
} satisfies Check;
