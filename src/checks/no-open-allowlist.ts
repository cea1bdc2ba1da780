/** CREW3104: an allowlist that allows everybody. */
import { networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { allowedNetworks } from "./sources.ts";

const sample = (network: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: [network] } } });

export const check = {
  code: "CREW3104",
  name: "noOpenAllowlist",
  severity: "error",
  summary: "An allowlist allows the whole Internet.",
  why: "Scanners find an open SIP port within hours; every call that they place reaches your agents.",
  beside: "any",
  bad: sample("0.0.0.0/0"),
  good: sample("203.0.113.0/24"),
  run(model, report) {
    for (const network of allowedNetworks(model))
      if (network.prefix <= 1)
        report({
          pointer: network.at,
          message: `'${networkText(network)}' lets everybody in.`,
          help: "Name the addresses that calls come from; where they change, use digest.",
        });
  },
} satisfies Check;
