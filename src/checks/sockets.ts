/** The SIP sockets that a network section asks for. */
import type { NetworkModel, Transport } from "../model/model.ts";

export interface SipSocket {
  readonly side: "carrier" | "agents";
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
}

/** Public addresses count as own ones too: messages to them come back to the edge. */
export function networkSockets(network: NetworkModel): SipSocket[] {
  const carrier = new Set([...Object.values(network.bind), ...Object.values(network.public)]);
  const sides = [
    { side: "carrier", addresses: [...carrier], ports: network.carrier },
    { side: "agents", addresses: [network.agents.address], ports: network.agents },
  ] as const;
  return sides.flatMap(({ side, addresses, ports }) =>
    (["udp", "tcp", "tls"] as const).flatMap((transport) => {
      const port = ports[transport];
      return port === undefined ? [] : addresses.map((address) => ({ side, transport, address, port }));
    }),
  );
}
