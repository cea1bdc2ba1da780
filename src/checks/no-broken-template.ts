/** CREW3118: a header value whose braces make no sense. */
import { join } from "../core/pointer.ts";
import { readTemplate } from "../model/template.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (value: string) =>
  sampleTrunk({
    sip: {
      custom_headers: {
        inbound: [{ header: "X-Campaign", variable: "campaign_id" }],
        outbound: [{ header: "X-Campaign-ID", value }],
      },
    },
  });

export const check = {
  code: "CREW3118",
  name: "noBrokenTemplate",
  severity: "error",
  summary: "A header value has braces that are no '{{variable}}'.",
  why: "The header would carry the braces themselves, and the other end reads them as the value.",
  beside: "any",
  bad: sample("{{campaign_id}"),
  good: sample("{{campaign_id}}"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { at, value } of trunk.outbound_headers) {
        const { problem } = readTemplate(value);
        const single = /\{[^{}]+\}/.test(value.replace(/\{\{[^{}]*\}\}/g, ""));
        if (problem === undefined && !single) continue;
        report({
          pointer: join(at, "value"),
          message: `'${value}' is no template: ${problem ?? "a variable stands in two pairs of braces"}.`,
          help: "Write '{{name}}'; names are lower-case letters, digits and '_'.",
        });
      }
  },
} satisfies Check;
