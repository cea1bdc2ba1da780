/** Media of a party by hand: what it gets it sends back, so that whoever plays a tone hears it. */
import type { Place } from "../../lab/place.ts";

export interface Echo {
  readonly port: number;
  /** Packets that came so far. */
  packets(): number;
  /** From where they came, each once. */
  sources(): readonly string[];
  close(): Promise<void>;
}

/** Sends every packet back to where it came from: the media of `accepts({ mediaPort })`. */
export async function echo(place: Place, address: string, port: number): Promise<Echo> {
  const peer = await place.udp(address, port);
  let open = true;
  const serve = async (): Promise<void> => {
    while (open) {
      const got = await peer.receive(600_000).catch(() => undefined);
      if (got === undefined || !open) return;
      await peer.send(got.data, { address: got.address, port: got.port });
    }
  };
  serve().catch(() => {});
  return {
    port: peer.port,
    packets: () => peer.received.length,
    sources: () => [...new Set(peer.received.map((d) => `${d.address}:${d.port}`))],
    close: async () => {
      open = false;
      await peer.close();
    },
  };
}
