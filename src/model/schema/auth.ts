/** How the other end of a trunk proves who it is. */
import { z } from "zod";
import { digestUsername, hostName, ipNetwork, realm, secretValue } from "./text.ts";

export const ipAllowlist = z
  .strictObject({
    type: z.literal("ip_allowlist").describe("The trunk is known by the source address of its requests."),
    allowed_ips: z
      .array(ipNetwork)
      .max(4096)
      .describe(
        "Addresses and networks (CIDR) that belong to the trunk. An empty list would refuse every call and is an error.",
      ),
  })
  .meta({ title: "IpAllowlist" });

const credentials = {
  type: z
    .literal("digest")
    .describe("The peer is known by a user name and password (RFC 3261 section 22, RFC 8760)."),
  username: digestUsername.describe("User name that the other end sends; unique on an edge."),
  password: secretValue.describe('Password: `secret("NAME")`.'),
  realm: realm.describe("Realm of the challenge. Default: the edge's `hostname`, else `crew`.").optional(),
  algorithm: z
    .enum(["MD5", "SHA-256"])
    .describe("Digest algorithm. `SHA-256` only where the peer can (Asterisk 22 can). Default: `MD5`.")
    .optional(),
};

export const agentDigest = z.strictObject(credentials).meta({ title: "AgentDigest" });

export const digest = z
  .strictObject({
    ...credentials,
    register: z
      .boolean()
      .describe(
        "The other end, such as a PBX behind NAT, may register where it takes calls, for 60 to 3600 seconds: one contact in a REGISTER, and of several the newest five are kept; `forward` and calls of agents to a trunk without `outbound` go there, with the number or extension as it was dialled: what may be called, the PBX decides. Default: true.",
      )
      .optional(),
  })
  .meta({ title: "Digest" });

export const clientCertificate = z
  .strictObject({
    type: z
      .literal("client_certificate")
      .describe(
        "The trunk is known by its TLS certificate; needs TLS on the carrier side and `network.tls.ca`.",
      ),
    name: hostName.describe(
      "Host name that the peer's certificate carries (subject alternative name); unique on an edge.",
    ),
  })
  .meta({ title: "ClientCertificate" });

export const auth = z
  .discriminatedUnion("type", [ipAllowlist, digest, clientCertificate])
  .describe("How the other end proves who it is. Without it the trunk refuses every inbound call.");
