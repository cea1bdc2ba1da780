/** CREW3105: an allowlist with far more addresses than a PBX or provider has. */
import { networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { allowedNetworks } from "./sources.ts";

const sample = (network: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: [network] } } });

/** Shorter prefixes than these are wider than a provider's signalling network. */
const widest = { 4: 16, 6: 32 } as const;

export const check = {
  code: "CREW3105",
  name: "noWideAllowlist",
  severity: "warning",
  summary: "An allowlist holds a very wide network.",
  why: "Whoever gets an address in it can place calls as the trunk or agent, and UDP source addresses inside of it can be forged.",
  beside: "any",
  bad: sample("203.0.0.0/12"),
  good: sample("203.0.113.0/24"),
  run(model, report) {
    for (const network of allowedNetworks(model))
      if (network.prefix > 1 && network.prefix < widest[network.family])
        report({
          pointer: network.at,
          message: `'${networkText(network)}' holds ${size(network)} addresses.`,
          help: "Name only the addresses that calls come from; providers publish them.",
        });
  },
} satisfies Check;

function size({ family, prefix }: { readonly family: 4 | 6; readonly prefix: number }): string {
  return family === 4 ? String(2 ** (32 - prefix)) : `2^${128 - prefix}`;
}
