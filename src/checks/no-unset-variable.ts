/** CREW3119: a variable that no inbound header sets. */
import { join } from "../core/pointer.ts";
import { suggest } from "../core/suggest.ts";
import { readTemplate } from "../model/template.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (value: string) =>
  sampleTrunk({
    sip: {
      custom_headers: {
        inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
        outbound: [{ header: "X-Customer", value }],
      },
    },
  });

export const check = {
  code: "CREW3119",
  name: "noUnsetVariable",
  severity: "info",
  summary: "An outbound header uses a variable that no inbound header sets.",
  why: "Such a variable comes only from the agent, in the header X-Crew-Var-<variable> of its INVITE; where it is missing there, the header is left out.",
  bad: sample("{{customer}}"),
  good: sample("{{customer_id}}"),
  run(model, report) {
    for (const trunk of model.trunks) {
      const set = trunk.inbound_headers.map((h) => h.variable);
      for (const { at, value } of trunk.outbound_headers) {
        const { variables, problem } = readTemplate(value);
        if (problem !== undefined) continue;
        for (const variable of new Set(variables)) {
          if (set.includes(variable)) continue;
          const nearest = suggest(variable, set);
          report({
            pointer: join(at, "value"),
            message: `No inbound header sets '${variable}'; the agent has to send X-Crew-Var-${variable}.`,
            help: nearest === undefined ? "Right where the agent does." : `Did you mean '${nearest}'?`,
          });
        }
      }
    }
  },
} satisfies Check;
