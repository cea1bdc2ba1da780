/** CREW3117: a header or variable that is given twice. */
import { type JsonPointer, join } from "../core/pointer.ts";
import type { Check, Finding } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (variable: string) =>
  sampleTrunk({
    sip: {
      custom_headers: {
        inbound: [
          { header: "X-Customer-ID", variable: "customer_id" },
          { header: "X-Account", variable },
        ],
      },
    },
  });

export const check = {
  code: "CREW3117",
  name: "noDuplicateHeader",
  severity: "error",
  summary: "A header or a variable is given twice.",
  why: "It is unclear which of the two values counts.",
  beside: "any",
  bad: sample("customer_id"),
  good: sample("account"),
  run(model, report) {
    for (const trunk of model.trunks) {
      distinct(trunk.inbound_headers, "header", (h) => h.header.toLowerCase(), report);
      distinct(trunk.inbound_headers, "variable", (h) => h.variable, report);
      distinct(trunk.outbound_headers, "header", (h) => h.header.toLowerCase(), report);
    }
  },
} satisfies Check;

function distinct<T extends { readonly at: JsonPointer }>(
  entries: readonly T[],
  property: string & keyof T,
  key: (entry: T) => string,
  report: (finding: Finding) => void,
): void {
  const first = new Map<string, T>();
  for (const entry of entries) {
    const twin = first.get(key(entry));
    if (twin === undefined) first.set(key(entry), entry);
    else
      report({
        pointer: join(entry.at, property),
        message: `'${String(entry[property])}' is given twice.`,
        related: [{ pointer: join(twin.at, property), label: "first here" }],
        help: `Give each ${property} once.`,
      });
  }
}
