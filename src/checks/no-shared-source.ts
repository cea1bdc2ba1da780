/** CREW3101: one source address, two trunks. */

import { networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";
import { nestings } from "./sources.ts";

const other = (ip: string) => ({
  crew_id: "branch",
  sip: { auth: { type: "ip_allowlist", allowed_ips: [ip] } },
});

export const check = {
  code: "CREW3101",
  name: "noSharedSource",
  severity: "error",
  summary: "Two trunks of an edge have the same source address.",
  why: "A trunk is known by the address that its calls come from. Where two trunks have the same one, nothing in a call says which is meant.",
  beside: "any",
  bad: sampleEdge({}, {}, other("203.0.113.10")),
  good: sampleEdge({}, {}, other("203.0.113.11")),
  run(model, report) {
    for (const { inner, outer } of nestings(model)) {
      if (inner.trunk === outer.trunk || inner.network.prefix !== outer.network.prefix) continue;
      report({
        pointer: inner.network.at,
        message: `'${networkText(inner.network)}' belongs to trunk '${outer.trunk.id}' and to trunk '${inner.trunk.id}'.`,
        related: [{ pointer: outer.network.at, label: `the one of trunk '${outer.trunk.id}'` }],
        help: "Make one trunk of the two, or use digest to tell them apart.",
      });
    }
  },
} satisfies Check;
