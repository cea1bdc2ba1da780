/** CREW2241: transfers that nobody can be named in, or that are off. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

export const check = {
  code: "CREW2241",
  name: "noIdleRefer",
  severity: "warning",
  summary: "Call transfers are on, but nobody may be named in one, or the other way round.",
  why: "A REFER passes only where it names somebody whom the config allows: else whoever tricks an agent would have calls sent anywhere.",
  bad: sampleTrunk({ sip: { refer: "pass" } }),
  good: sampleTrunk({ sip: { refer: "pass", refer_to: ["+1415", "2003"] } }),
  run(model, report) {
    for (const { at, id, refer, refer_to, outbound } of model.trunks) {
      if (refer === "pass" && refer_to === undefined && outbound === undefined)
        report({
          pointer: join(at, "sip", "refer"),
          message: `Every transfer in calls of trunk '${id}' is refused with 403: nobody may be named.`,
          help: "Add 'refer_to' with starts of numbers and extensions, for example ['+1415', '2003'].",
        });
      if (refer === "off" && refer_to !== undefined)
        report({
          pointer: join(at, "sip", "refer_to"),
          message: `'refer_to' of trunk '${id}' has no effect: transfers are refused.`,
          help: "Add \"refer: 'pass'\", or remove 'refer_to'.",
        });
    }
  },
} satisfies Check;
