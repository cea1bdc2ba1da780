/** CREW3153: a trunk whose callers have addresses of a family that the carrier side does not speak. */
import { isIP } from "node:net";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (address: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: [address] } } });

export const check = {
  code: "CREW3153",
  name: "noUnheardSource",
  severity: "warning",
  summary: "None of the addresses from which a trunk calls can reach the edge.",
  why: "Who has IPv6 alone reaches no IPv4 address, and the other way round. The edge listens on the families of 'network.public_ip'.",
  bad: sample("2001:db8::10"),
  good: sample("203.0.113.10"),
  run(model, report) {
    const { bind } = model.edge.network;
    const heard = [...(bind.v4 === undefined ? [] : [4]), ...(bind.v6 === undefined ? [] : [6])];
    for (const { id, auth } of model.trunks) {
      const networks = auth.type === "ip_allowlist" ? auth.networks : [];
      const [first] = networks;
      if (first === undefined || networks.some(({ address }) => heard.includes(isIP(address)))) continue;
      const family = isIP(first.address);
      report({
        pointer: first.at,
        message: `Trunk '${id}' calls from IPv${family} alone, and the carrier side has no IPv${family} address.`,
        help: `Give 'network.public_ip' an IPv${family} address too, or name addresses of the other family.`,
      });
    }
  },
} satisfies Check;
