/** CREW3102: a trunk's network inside that of another. */
import { networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";
import { nestings } from "./sources.ts";

const other = (network: string) => ({
  crew_id: "branch",
  sip: { auth: { type: "ip_allowlist", allowed_ips: [network] } },
});

export const check = {
  code: "CREW3102",
  name: "noNestedSource",
  severity: "warning",
  summary: "A trunk's source network lies inside that of another trunk.",
  why: "The longest prefix wins: calls from the inner network belong to its trunk, those from the rest of the outer one to the other.",
  beside: "any",
  bad: sampleEdge({}, {}, other("203.0.113.0/28")),
  good: sampleEdge({}, {}, other("203.0.113.16/28")),
  run(model, report) {
    for (const { inner, outer } of nestings(model)) {
      if (inner.trunk === outer.trunk || inner.network.prefix === outer.network.prefix) continue;
      report({
        pointer: inner.network.at,
        message: `'${networkText(inner.network)}' of trunk '${inner.trunk.id}' lies inside '${networkText(outer.network)}' of trunk '${outer.trunk.id}'.`,
        related: [{ pointer: outer.network.at, label: `the network of trunk '${outer.trunk.id}'` }],
        help: "Right where it is meant so; else narrow the outer network.",
      });
    }
  },
} satisfies Check;
