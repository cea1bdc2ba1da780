/** The sockets of the two sides. */
import { join } from "../../../core/pointer.ts";
import type { AddressPair, NetworkModel, Transport } from "../../../model/model.ts";
import type { Listener } from "../doc.ts";

const transports = ["udp", "tcp", "tls"] as const;
const families = ["v4", "v6"] as const;

/** One listener for each family and transport of the carrier side, one for each transport of the agent side. */
export function lowerListeners(network: NetworkModel): Listener[] {
  const listeners: Listener[] = [];
  for (const transport of transports) {
    const port = network.carrier[transport];
    if (port === undefined) continue;
    for (const family of families) {
      const address = network.bind[family];
      if (address === undefined) continue;
      const suffix = `${family === "v6" ? "6" : ""}${ending(transport)}`;
      listeners.push({
        at: join(network.at, "carrier", transport),
        name: `carrier${suffix}`,
        property: `network › carrier › ${transport}`,
        transport,
        address,
        port,
        ...advertised(network.public, family, address),
      });
    }
  }
  for (const transport of transports) {
    const port = network.agents[transport];
    if (port === undefined) continue;
    listeners.push({
      at: join(network.at, "agents", transport),
      name: `agents${ending(transport)}`,
      property: `network › agents › ${transport}`,
      transport,
      address: network.agents.address,
      port,
    });
  }
  return listeners;
}

function ending(transport: Transport): string {
  return transport === "udp" ? "" : `_${transport}`;
}

function advertised(pub: AddressPair, family: "v4" | "v6", bound: string): { advertised?: string } {
  const address = pub[family];
  return address === undefined || address === bound ? {} : { advertised: address };
}
