/** CREW3112: a SIP port inside of the media ports. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";
import { networkSockets } from "./sockets.ts";

export const check = {
  code: "CREW3112",
  name: "noSipPortInRtp",
  severity: "error",
  summary: "A SIP port lies inside of the RTP range.",
  why: "The media relay would sooner or later take the port for a call, or fail to: calls without audio, at random.",
  beside: "network",
  bad: sampleEdge({ network: { rtp: [5000, 9000], agents: { udp: 9010 } } }),
  good: sampleEdge({ network: { rtp: [10000, 20000] } }),
  run(model, report) {
    const { network } = model.edge;
    const [first, last] = network.rtp;
    const told = new Set<number>();
    for (const { side, transport, port } of networkSockets(network)) {
      if (transport !== "udp" || port < first || port > last || told.has(port)) continue;
      told.add(port);
      report({
        pointer: join(network.at, "rtp"),
        message: `The UDP port ${port} for SIP lies inside of the RTP range ${first} to ${last}.`,
        related: [{ pointer: join(network.at, side, "udp"), label: "the SIP port" }],
        help: "Choose an RTP range without it; the usual one is [10000, 20000].",
      });
    }
  },
} satisfies Check;
