/** CREW2214: callers that an agent may choose, without or beside the one that takes the place of all others. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const numbers = { caller_ids: ["+14155551234", "+14155551235"] };
const sample = (more: { readonly [name: string]: string }) =>
  sampleTrunk({ country: "US", sip: { outbound: { uri: "sip:provider.example", ...numbers, ...more } } });

export const check = {
  code: "CREW2214",
  name: "useCallerId",
  severity: "warning",
  summary:
    "'caller_ids' have no effect without 'caller_id'; one that is not among them is only mentioned (info).",
  why: "'caller_ids' are the numbers that an agent may show; 'caller_id' takes the place of every other. Providers refuse calls that show a number which is not the customer's.",
  bad: sample({}),
  good: sample({ caller_id: "+14155551234" }),
  run(model, report) {
    for (const { id, outbound } of model.trunks) {
      if (outbound === undefined || outbound.caller_ids.length === 0) continue;
      if (outbound.caller_id === undefined)
        report({
          pointer: join(outbound.at, "caller_ids"),
          message: `'caller_ids' of trunk '${id}' has no effect: there is no 'caller_id' that could take the place of other numbers.`,
          help: "Add 'caller_id' with the number to show where the agent's own is not in the list.",
        });
      else if (!outbound.caller_ids.some((entry) => entry.number === outbound.caller_id))
        report({
          severity: "info",
          pointer: join(outbound.at, "caller_id"),
          message: `'${outbound.caller_id}' is shown in place of other numbers, but is not in 'caller_ids' itself.`,
          related: [{ pointer: join(outbound.at, "caller_ids"), label: "not in this list" }],
          help: "Right where agents never choose it; else add it to the list.",
        });
    }
  },
} satisfies Check;
