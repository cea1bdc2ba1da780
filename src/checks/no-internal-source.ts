/** CREW3107: a private source on a public edge. */
import { addressKind, networkText } from "./addresses.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (address: string) =>
  sampleTrunk({ sip: { auth: { type: "ip_allowlist", allowed_ips: [address] } } });

export const check = {
  code: "CREW3107",
  name: "noInternalSource",
  severity: "info",
  summary: "An allowlist of a public edge holds a private address.",
  why: "Private addresses do not cross the Internet: what the edge sees of a PBX behind a router is the router's public address.",
  bad: sample("192.168.1.20"),
  good: sample("203.0.113.10"),
  run(model, report) {
    const shown = Object.values(model.edge.network.public);
    if (!shown.every((address) => addressKind(address) === "global")) return;
    for (const { auth } of model.trunks) {
      if (auth.type !== "ip_allowlist") continue;
      for (const network of auth.networks) {
        const kind = addressKind(network.address);
        if (network.prefix > 1 && (kind === "internal" || kind === "loopback"))
          report({
            pointer: network.at,
            message: `'${networkText(network)}' is ${kind === "internal" ? "a private" : "a loopback"} address, and the edge is public.`,
            help: "Right where a tunnel or a local network leads to the PBX; else write its public address.",
          });
      }
    }
  },
} satisfies Check;
