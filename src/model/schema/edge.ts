/** The host, or several alike, that runs the trunks. */
import { z } from "zod";
import { outboundRoute } from "./outbound.ts";
import { hostName, identifier, ipAddress, port } from "./text.ts";
import { trunk } from "./trunk.ts";

const addresses = z.union([
  ipAddress,
  z
    .strictObject({
      v4: ipAddress.describe("IPv4 address.").optional(),
      v6: ipAddress.describe("IPv6 address.").optional(),
    })
    .meta({ title: "Addresses" }),
]);

const path = z.string().regex(/^[A-Za-z0-9_./@:+,=~-]{1,4096}$/, "must be a path without spaces and quotes");

const reserved = z.int().min(1).max(16_000);

export const network = z
  .strictObject({
    hostname: hostName.describe("Public host name of the edge.").optional(),
    public_ip: addresses.describe("Address that peers see. Default: 127.0.0.1.").optional(),
    bind_ip: addresses
      .describe("Address of the interface, where it is not the public one (1:1 NAT). Default: `public_ip`.")
      .optional(),
    carrier: z
      .strictObject({
        udp: z
          .union([port, z.literal(false)])
          .describe("UDP port for carriers and PBXs, or false. Default: 5060.")
          .optional(),
        tcp: z
          .union([port, z.literal(false)])
          .describe("TCP port for carriers and PBXs, or false. Default: 5060, on engine 5.6 none.")
          .optional(),
        tls: z
          .union([port, z.literal(false)])
          .describe(
            "TLS port for carriers and PBXs; needs `tls`. Default: 5061 where there is a certificate.",
          )
          .optional(),
      })
      .describe("Ports of the carrier side.")
      .meta({ title: "CarrierPorts" })
      .optional(),
    agents: z
      .strictObject({
        address: ipAddress
          .describe("Address of the interface towards the agents. Default: `bind_ip`.")
          .optional(),
        udp: z
          .union([port, z.literal(false)])
          .describe("UDP port for agents, or false. Default: 5080.")
          .optional(),
        tcp: z
          .union([port, z.literal(false)])
          .describe("TCP port for agents, or false. Default: 5080, on engine 5.6 none.")
          .optional(),
        tls: z
          .union([port, z.literal(false)])
          .describe("TLS port for agents; needs `tls`. Default: 5081 where there is a certificate.")
          .optional(),
      })
      .describe("Address and ports of the agent side.")
      .meta({ title: "AgentPorts" })
      .optional(),
    rtp: z
      .tuple([port, port])
      .describe("First and last UDP port for media; a call takes four. Default: [10000, 20000].")
      .optional(),
    rtp_reserve: z
      .strictObject({
        inbound: reserved
          .describe(
            "Calls from the carrier side that keep ports, however many agents dial out. Default: none.",
          )
          .optional(),
        outbound: reserved
          .describe("Calls of agents that keep ports, however many come in. Default: none.")
          .optional(),
      })
      .describe(
        "Calls of a direction whose media ports those of the other one cannot take; a forwarded call is inbound. With it calls are counted on the whole edge, and one for which no port is left gets a plain 503 before the media relay runs out. Without it the first calls to come take the ports, and where limits bound all trunks their sum must fit the range. Default: no reserve.",
      )
      .meta({ title: "RtpReserve" })
      .optional(),
    tls: z
      .strictObject({
        certificate: path.describe("Path of the certificate chain (PEM) on the edge."),
        private_key: path.describe("Path of the private key (PEM) on the edge."),
        ca: path
          .describe(
            "Path of the CAs (PEM) that peers' certificates must come from. Default: those of the system, and no client is asked for a certificate.",
          )
          .optional(),
      })
      .describe(
        "Certificate of the edge; the files stay on the edge. Default: `/etc/crew/edge.pem` and `/etc/crew/edge.key` where some agent or provider is reached over TLS, else no TLS; nor is there any for a trunk alone, without `defineEdge`.",
      )
      .meta({ title: "TlsFiles" })
      .optional(),
  })
  .describe("Addresses and ports of the edge.")
  .meta({ title: "Network" });

export const engineLines = ["6.1", "6.0", "5.6"] as const;

export const engine = z
  .enum(engineLines)
  .describe(
    "Engine line by its Kamailio version: `6.1` (current), `6.0` (Debian 13), `5.6` (Debian 12). Default: `6.1`.",
  );

export const edge = z
  .strictObject({
    name: identifier.describe("Name of the edge. Default: `edge`.").optional(),
    engine: engine.optional(),
    trunks: z.array(trunk).min(1).max(1000).describe("The trunks that this edge serves."),
    outbound_routes: z
      .array(outboundRoute)
      .max(10_000)
      .describe(
        "Over which trunk an agent's call goes, first match wins. Default: the trunk that the agent names, or the only one that it belongs to.",
      )
      .optional(),
    network: network.optional(),
  })
  .describe("The host, or several alike, that runs the trunks.")
  .meta({ title: "Edge" });
