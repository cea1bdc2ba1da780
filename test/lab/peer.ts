/** What test callers and test agents share. */
import type { Recognition } from "../../src/phone/tone.ts";

export type Via = "sipp" | "baresip" | "asterisk";

export const nobody: Recognition = { heard: false, ms: 0, of: 0 };

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `address` or `address:port`; an IPv6 address with a port stands in brackets. */
export function own(at: string, otherwise: number): { readonly address: string; readonly port: number } {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(at) ?? [];
  return { address: six ?? four ?? at, port: port === undefined ? otherwise : Number(port) };
}

let peers = 0;

/** A name, and a range of RTP ports of its own, so that several peers can share an address. */
export function nextPeer(kind: string): { readonly name: string; readonly rtpPort: number } {
  peers++;
  return { name: `${kind}-${peers}`, rtpPort: 30000 + (peers % 30) * 1000 };
}

/** Programs write recordings a little after the call: waits until the length stays the same, a second at most. */
export async function settled(read: () => Recognition): Promise<Recognition> {
  let last = read();
  for (let i = 0; i < 7; i++) {
    await sleep(150);
    const now = read();
    if (now.of === last.of && now.of > 0) return now;
    last = now;
  }
  return last;
}
