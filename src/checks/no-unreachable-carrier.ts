/** CREW3150: a provider that the carrier side cannot reach. */
import { isIP } from "node:net";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (uri: string) => sampleTrunk({ country: "US", sip: { outbound: { uri } } });

export const check = {
  code: "CREW3150",
  name: "noUnreachableCarrier",
  severity: "error",
  summary: "The edge has no socket from which a provider can be reached.",
  why: "A call leaves from a carrier-side address with a port of the provider's transport. An IPv4 address cannot send to IPv6, and a transport that is off sends nothing.",
  bad: sample("sip:[2001:db8::50]"),
  good: sample("sip:203.0.113.50"),
  run(model, report) {
    const { carrier, bind, tls } = model.edge.network;
    for (const { id, outbound } of model.trunks)
      for (const { at, host, transport } of outbound?.targets ?? []) {
        const family = isIP(host);
        const off = carrier[transport] === undefined;
        const missing = (family === 4 && bind.v4 === undefined) || (family === 6 && bind.v6 === undefined);
        if (!off && !missing) continue;
        report({
          pointer: at,
          // A bare trunk has an edge for trying things out.
          ...(model.edge.implied ? { severity: "warning" as const } : {}),
          message: `The provider of trunk '${id}' cannot be reached at ${host}: ${off ? `${transport.toUpperCase()} is off on the carrier side` : `the carrier side has no IPv${family} address`}.`,
          help: !off
            ? `Give 'network.public_ip' an IPv${family} address too, or name another address of the provider.`
            : transport === "tls" && tls === undefined
              ? "Give the edge a certificate ('network.tls'), with which TLS comes on, or name another transport."
              : `Give 'network.carrier.${transport}' a port, or name another transport.`,
        });
      }
  },
} satisfies Check;
