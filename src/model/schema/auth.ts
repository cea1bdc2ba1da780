/** How the other end of a trunk proves who it is. */
import { z } from "zod";
import { digestUsername, ipNetwork, secretValue } from "./text.ts";

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

export const digest = z
  .strictObject({
    type: z
      .literal("digest")
      .describe("The trunk is known by a user name and password (RFC 3261 section 22, RFC 8760)."),
    username: digestUsername.describe("User name that the other end sends; unique on an edge."),
    password: secretValue.describe('Password: `secret("NAME")`.'),
    realm: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .describe("Realm of the challenge. Default: the edge's `hostname`, else `crew`.")
      .optional(),
    algorithm: z
      .enum(["MD5", "SHA-256"])
      .describe("Digest algorithm. `SHA-256` only where the peer can (Asterisk 22 can). Default: `MD5`.")
      .optional(),
  })
  .meta({ title: "Digest" });

export const auth = z
  .discriminatedUnion("type", [ipAllowlist, digest])
  .describe("How the other end proves who it is. Without it the trunk refuses every inbound call.");
