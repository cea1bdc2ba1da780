/** CREW3111: two listeners on one port. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";
import { networkSockets, type SipSocket } from "./sockets.ts";

export const check = {
  code: "CREW3111",
  name: "noPortCollision",
  severity: "error",
  summary: "Two SIP listeners have the same address and port.",
  why: "A port can be opened once; the edge would not start.",
  beside: "network",
  bad: sampleEdge({ network: { agents: { address: "198.51.100.7", udp: 5060, tcp: 5080 } } }),
  good: sampleEdge({ network: { agents: { address: "198.51.100.7", udp: 5080, tcp: 5080 } } }),
  run(model, report) {
    const { network } = model.edge;
    const taken = new Map<string, SipSocket>();
    const told = new Set<string>();
    for (const socket of networkSockets(network)) {
      // TLS runs over TCP, so the two share their ports.
      const key = `${socket.transport === "udp" ? "udp" : "tcp"} ${socket.address} ${socket.port}`;
      const other = taken.get(key);
      if (other === undefined) taken.set(key, socket);
      const pair = `${other?.side} ${other?.transport} ${socket.side} ${socket.transport}`;
      if (other === undefined || told.has(pair)) continue;
      told.add(pair);
      report({
        pointer: join(network.at, socket.side, socket.transport),
        message: `Port ${socket.port} of ${socket.address} is already that of ${other.transport.toUpperCase()} on the ${other.side === "carrier" ? "carrier" : "agent"} side.`,
        related: [{ pointer: join(network.at, other.side, other.transport), label: "the other listener" }],
        help: "Give each listener a port of its own; carriers expect 5060, and 5061 for TLS.",
      });
    }
  },
} satisfies Check;
