/** From what the firewall decides to edge.nft. */
import type { Context, Escaped } from "../escape/escaped.ts";
import { render } from "../escape/render.ts";
import type { Artifact } from "../target.ts";
import { type NftablesDoc, runTimeSets, type Side, type Socket } from "./doc.ts";
import {
  type Nft,
  nftAddress,
  nftComment,
  nftName,
  nftNetwork,
  nftPort,
  nftString,
  nftWord,
} from "./escape.ts";

export function emit(doc: NftablesDoc): readonly Artifact[] {
  const { text, lines } = render<Nft>("nftables/edge.nft", {
    edge: nftComment(doc.edge),
    table: nftName(doc.table),
    allow: doc.sides.flatMap((side) => [allowSet(side, 4), allowSet(side, 6)]),
    runTime: runTimeSets.map((set) => ({
      name: nftName(set.name),
      type: addressType(set.family),
      flags: nftWord(set.flags, ["timeout", "dynamic,timeout"]),
      timeout: set.timeout,
    })),
    media: doc.media.addresses.map((address) => ({
      at: { origin: doc.media.at },
      ip: ipWord(address),
      address: nftAddress(address),
      first: nftPort(doc.media.first),
      last: nftPort(doc.media.last),
    })),
    audio: { first: nftPort(doc.media.first), last: nftPort(doc.media.last) },
    control: doc.control.map((port, index) => ({ first: index === 0, port: nftPort(port) })),
    sockets: doc.sides.flatMap((side) => side.sockets.map((socket) => socketRule(side, socket))),
    chains: doc.sides.map(chain),
  });
  return [{ path: "nftables/edge.nft", mode: 0o644, text, lines, reload: "atomic" }];
}

/** The set of allowed networks of one family; a network stands where it comes first. */
function allowSet(side: Side, family: 4 | 6): Context<Nft> {
  const seen = new Set<string>();
  const groups = side.allowed.flatMap((group) => {
    const networks = group.networks.flatMap((network) => {
      const text = nftNetwork(network.address, network.prefix);
      if (network.family !== family || seen.has(text)) return [];
      seen.add(text);
      return [{ at: { origin: network.at }, network: text }];
    });
    return networks.length > 0 ? [{ property: nftComment(group.property), networks }] : [];
  });
  return { name: nftName(`${side.set}${family}`), type: addressType(family), groups };
}

function socketRule(side: Side, { at, property, protocol, address, port }: Socket): Context<Nft> {
  return {
    at: { origin: at },
    ip: ipWord(address),
    address: nftAddress(address),
    protocol: nftWord(protocol, ["udp", "tcp"]),
    port: nftPort(port),
    chain: nftName(side.name),
    property: nftString(property),
  };
}

function chain({ name, set, open }: Side): Context<Nft> {
  return {
    name: nftName(name),
    set: nftName(set),
    open: open !== undefined,
    only: open?.port === undefined ? false : nftPort(open.port),
    packets: open?.packetsPerSecond,
    packetsBurst: open && 2 * open.packetsPerSecond,
    connections: open?.connectionsPerSecond,
    connectionsBurst: open && 2 * open.connectionsPerSecond,
  };
}

function addressType(family: 4 | 6): Escaped<"nft.token"> {
  return nftWord(family === 4 ? "ipv4_addr" : "ipv6_addr", ["ipv4_addr", "ipv6_addr"]);
}

function ipWord(address: string): Escaped<"nft.token"> {
  return nftWord(address.includes(":") ? "ip6" : "ip", ["ip", "ip6"]);
}
