/** CREW3106: an address that no packet comes from. */
import { addressKind, networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { allowedNetworks } from "./sources.ts";

const sample = (address: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: [address] } } });

export const check = {
  code: "CREW3106",
  name: "noImpossibleSource",
  severity: "error",
  summary: "An allowlist holds an address that cannot be the source of a call.",
  why: "Multicast, broadcast and unspecified addresses are never the source of a packet, so the entry is a mistake.",
  beside: "any",
  bad: sample("224.0.0.10"),
  good: sample("203.0.113.10"),
  run(model, report) {
    for (const network of allowedNetworks(model))
      if (network.prefix > 1 && addressKind(network.address) === "never")
        report({
          pointer: network.at,
          message: `No call can come from '${networkText(network)}'.`,
          help: "Write the address that calls come from.",
        });
  },
} satisfies Check;
