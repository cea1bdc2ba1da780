/** CREW3103: an entry of an allowlist that another one covers. */
import { networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { nestings } from "./sources.ts";

const sample = (address: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.16/28", address] } } });

export const check = {
  code: "CREW3103",
  name: "noRedundantSource",
  severity: "warning",
  summary: "An entry of an allowlist lies inside another one.",
  why: "It changes nothing now, but whoever removes it later may believe that the address is out.",
  beside: "any",
  bad: sample("203.0.113.17"),
  good: sample("203.0.113.10"),
  run(model, report) {
    for (const { inner, outer } of nestings(model)) {
      if (inner.trunk !== outer.trunk) continue;
      report({
        pointer: inner.network.at,
        message: `'${networkText(inner.network)}' is already covered by '${networkText(outer.network)}'.`,
        related: [{ pointer: outer.network.at, label: "covered by this" }],
        help: "Remove one of the two.",
      });
    }
  },
} satisfies Check;
