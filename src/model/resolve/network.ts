/** Addresses and ports of the edge, with defaults in place. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { AddressPair, EngineLine, NetworkModel, PortSet } from "../model.ts";
import type { network as networkSchema } from "../schema/edge.ts";
import { canonicalAddress } from "./address.ts";
import type { Report } from "./report.ts";

type NetworkDraft = z.output<typeof networkSchema>;
type PortDraft = { readonly [T in keyof PortSet]?: number | false | undefined };

const loopback: AddressPair = { v4: "127.0.0.1" };

/** Engine lines whose TCP listener is not safe (CVE-2026-39863): TCP is off there unless it is asked for. */
const linesWithoutTcp: ReadonlySet<EngineLine> = new Set(["5.6"]);

export function resolveNetworkSection(
  draft: NetworkDraft | undefined,
  engine: EngineLine,
  at: JsonPointer,
  report: Report,
): NetworkModel {
  let sound = true;
  const reportAddress: Report = (diagnostic) => {
    sound = false;
    report(diagnostic);
  };
  const shown =
    draft?.public_ip === undefined
      ? loopback
      : resolvePair(draft.public_ip, join(at, "public_ip"), reportAddress);
  const bind =
    draft?.bind_ip === undefined ? shown : resolvePair(draft.bind_ip, join(at, "bind_ip"), reportAddress);
  const sameFamilies = (["v4", "v6"] as const).every(
    (f) => (shown[f] === undefined) === (bind[f] === undefined),
  );
  if (sound && !sameFamilies) {
    report({
      code: "CREW2114",
      severity: "error",
      pointer: join(at, "bind_ip"),
      message: "'bind_ip' and 'public_ip' are not of the same address families.",
      help: "Give a bind address for each public address, IPv4 for IPv4 and IPv6 for IPv6.",
    });
  }
  const certificate = draft?.tls !== undefined;
  const tcp = !linesWithoutTcp.has(engine);
  const carrier = resolvePorts(draft?.carrier, {
    udp: 5060,
    ...(tcp ? { tcp: 5060 } : {}),
    ...(certificate ? { tls: 5061 } : {}),
  });
  const agentPorts = resolvePorts(draft?.agents, {
    udp: 5080,
    ...(tcp ? { tcp: 5080 } : {}),
    ...(certificate ? { tls: 5081 } : {}),
  });
  for (const [side, ports] of [
    ["carrier", carrier],
    ["agents", agentPorts],
  ] as const) {
    if (Object.keys(ports).length > 0) continue;
    report({
      code: "CREW2115",
      severity: "error",
      pointer: join(at, side),
      message: `All transports of the ${side === "carrier" ? "carrier" : "agent"} side are off.`,
      help: "Leave at least one port on.",
    });
  }
  return {
    at,
    ...(draft?.hostname === undefined ? {} : { hostname: draft.hostname.toLowerCase().replace(/\.$/, "") }),
    public: shown,
    bind,
    carrier,
    agents: { ...agentPorts, address: resolveAgentAddress(draft, bind, at, report) },
    rtp: resolveRange(draft?.rtp, join(at, "rtp"), report),
    ...(draft?.rtp_reserve === undefined
      ? {}
      : {
          rtp_reserve: {
            inbound: draft.rtp_reserve.inbound ?? 0,
            outbound: draft.rtp_reserve.outbound ?? 0,
          },
        }),
    ...(draft?.tls === undefined ? {} : { tls: { at: join(at, "tls"), ...withoutUndefined(draft.tls) } }),
  };
}

/** Where an edge that speaks TLS has its certificate, unless `network.tls` says otherwise. */
const usualFiles = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" } as const;

/** TLS with the usual files, for an edge whose peers speak it and whose config names no certificate. */
export function withUsualCertificate(network: NetworkModel, draft: NetworkDraft | undefined): NetworkModel {
  if (network.tls !== undefined) return network;
  const { carrier, agents } = network;
  return {
    ...network,
    carrier: resolvePorts({ ...carrier, tls: draft?.carrier?.tls }, { tls: 5061 }),
    agents: {
      ...resolvePorts({ ...agents, tls: draft?.agents?.tls }, { tls: 5081 }),
      address: agents.address,
    },
    tls: { at: network.at, ...usualFiles },
  };
}

function withoutUndefined(tls: NonNullable<NetworkDraft["tls"]>) {
  const { ca, ...rest } = tls;
  return ca === undefined ? rest : { ...rest, ca };
}

function resolvePair(
  draft: NonNullable<NetworkDraft["public_ip"]>,
  at: JsonPointer,
  report: Report,
): AddressPair {
  const given =
    typeof draft === "string"
      ? [{ text: draft, place: at }]
      : (["v4", "v6"] as const).flatMap((k) =>
          draft[k] === undefined ? [] : [{ text: draft[k], place: join(at, k), family: k }],
        );
  const pair: { v4?: string; v6?: string } = {};
  for (const entry of given) {
    const address = canonicalAddress(entry.text);
    const family = address?.family === 4 ? "v4" : "v6";
    if (address === undefined || ("family" in entry && entry.family !== family)) {
      report({
        code: "CREW2105",
        severity: "error",
        pointer: entry.place,
        message: `'${entry.text}' is not an ${"family" in entry ? (entry.family === "v4" ? "IPv4" : "IPv6") : "IP"} address.`,
        help: "Write the address in its plain form, for example 198.51.100.7.",
      });
      continue;
    }
    pair[family] = address.address;
  }
  if (given.length === 0)
    report({
      code: "CREW2105",
      severity: "error",
      pointer: at,
      message: "No address is given.",
      help: "Give 'v4', 'v6' or both.",
    });
  return pair.v4 === undefined && pair.v6 === undefined ? loopback : pair;
}

function resolveAgentAddress(
  draft: NetworkDraft | undefined,
  bind: AddressPair,
  at: JsonPointer,
  report: Report,
): string {
  const text = draft?.agents?.address;
  const fallback = bind.v4 ?? bind.v6 ?? "127.0.0.1";
  if (text === undefined) return fallback;
  const address = canonicalAddress(text)?.address;
  if (address === undefined)
    report({
      code: "CREW2105",
      severity: "error",
      pointer: join(at, "agents", "address"),
      message: `'${text}' is not an IP address.`,
      help: "Write the address in its plain form, for example 10.0.4.1.",
    });
  return address ?? fallback;
}

function resolvePorts(draft: PortDraft | undefined, defaults: PortSet): PortSet {
  const ports: { udp?: number; tcp?: number; tls?: number } = {};
  for (const transport of ["udp", "tcp", "tls"] as const) {
    const value = draft?.[transport] ?? defaults[transport];
    if (typeof value === "number" && draft?.[transport] !== false) ports[transport] = value;
  }
  return ports;
}

function resolveRange(
  draft: NetworkDraft["rtp"],
  at: JsonPointer,
  report: Report,
): readonly [number, number] {
  const [first, last] = draft ?? [10000, 20000];
  if (last - first < 3) {
    report({
      code: "CREW2113",
      severity: "error",
      pointer: at,
      message: `The RTP range ${first} to ${last} has room for no call.`,
      why: "A call takes four ports: RTP and RTCP on both sides.",
      help: "Give a first port and a last port at least three above it.",
    });
    return [10000, 20000];
  }
  return [first, last];
}
