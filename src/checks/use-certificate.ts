/** CREW3124: TLS without a certificate. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" };

export const check = {
  code: "CREW3124",
  name: "useCertificate",
  severity: "error",
  summary: "A TLS port has no certificate.",
  why: "In TLS the edge proves by its certificate who it is; without one no peer can connect.",
  bad: sampleEdge({ network: { carrier: { tls: 5061 } } }),
  good: sampleEdge({ network: { carrier: { tls: 5061 }, tls } }),
  run(model, report) {
    const { network } = model.edge;
    if (network.tls !== undefined) return;
    for (const side of ["carrier", "agents"] as const)
      if (network[side].tls !== undefined)
        report({
          pointer: join(network.at, side, "tls"),
          message: `TLS is on for the ${side === "carrier" ? "carrier" : "agent"} side, but the edge has no certificate.`,
          help: "Give 'network.tls' the paths of 'certificate' and 'private_key', or turn the port off.",
        });
  },
} satisfies Check;
