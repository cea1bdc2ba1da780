/** A host behind NAT: what it sends leaves from another address and port, and nothing comes in that nobody asked for. */
import { labEngine } from "./edge.ts";
import type { Lab, Place } from "./netns.ts";

export interface NatOptions {
  /** The host's own address. IPv4. */
  readonly inside: string;
  /** What others see. IPv4. */
  readonly outside: string;
  /** Seconds without a packet of a UDP stream after which the way in closes. Default 120. */
  readonly udpSeconds?: number;
}

/** Makes the host; address and ports are translated by the kernel of the host itself. */
export async function hostBehindNat(lab: Lab, o: NatOptions): Promise<Place> {
  // The first is what programs send from that bind no address.
  const host = await lab.host(o.inside, o.outside);
  const rules = `table ip nat {
  chain out {
    type nat hook postrouting priority 100
    ip saddr ${o.inside} oif eth0 meta l4proto { tcp, udp } snat to ${o.outside}:40000-49999 random
  }
  chain in {
    type filter hook input priority 0
    iif eth0 ct state new drop
  }
}`;
  const { file, args } = (await labEngine()).command("nft", ["-f", "-"]);
  const nft = [file, ...args].map((word) => `'${word}'`).join(" ");
  const seconds = o.udpSeconds ?? 120;
  const script = `${nft} <<'END'
${rules}
END
for f in udp_timeout udp_timeout_stream; do echo ${seconds} > /proc/sys/net/netfilter/nf_conntrack_$f; done`;
  const { code, output } = await host.exec(["sh", "-ec", script]);
  if (code !== 0) throw new Error(`cannot put ${o.inside} behind NAT: ${output}`);
  return host;
}
