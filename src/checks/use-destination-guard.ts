/** CREW3126: a trunk that may call every number of the world. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (more: { readonly [name: string]: readonly string[] }) =>
  sampleTrunk({ sip: { outbound: { uri: "sip:provider.example", ...more } } });

export const check = {
  code: "CREW3126",
  name: "useDestinationGuard",
  severity: "warning",
  summary: "A trunk may call every number of the world.",
  why: "Toll fraud: whoever tricks an agent into calling, or learns its password, has it call expensive numbers abroad, thousands of them in a night, and shares in the charges. The owner of the trunk pays.",
  bad: sample({}),
  good: sample({ allowed_destinations: ["+1", "+49"] }),
  run(model, report) {
    // A '+' that stands in the config was written on purpose.
    for (const { id, outbound } of model.trunks)
      if (outbound?.allowed_destinations.some((e) => e.prefix === "+" && e.at === outbound.at) === true)
        report({
          pointer: outbound.at,
          message: `Trunk '${id}' may call every number of the world.`,
          help: "Add 'allowed_destinations', for example ['+1', '+49'], or 'country' to the trunk; ['+'] says that every number is meant.",
        });
  },
} satisfies Check;
