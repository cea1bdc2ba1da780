/** Voice agents reachable by SIP. */
import { z } from "zod";
import { agentDigest } from "./auth.ts";
import { codecName } from "./codec.ts";
import { identifier, ipNetwork, sipUri } from "./text.ts";
import { weightedUri } from "./uri.ts";

export const agentUri = sipUri.describe(
  "SIP URI of the agent, with `;transport=tcp` where it is not UDP. With a user part, that user is called; else the called number.",
);

export const mediaEncryption = z.enum(["disabled", "allowed", "required"]);

export const agent = z
  .strictObject({
    uri: z
      .union([
        agentUri,
        z
          .array(z.union([agentUri, weightedUri]))
          .min(1)
          .max(64),
      ])
      .describe("Where the agent listens. Several URIs share the load and stand in for each other."),
    codecs: z
      .array(codecName)
      .min(1)
      .max(8)
      .describe(
        "Codecs that the agent speaks, in its order, in calls to it and from it. Beside opus it needs telephone-event/48000 for digits (RFC 4733). Default: those of the trunk.",
      )
      .optional(),
    nat: z
      .boolean()
      .describe(
        "The agent is behind NAT: its media address is learned from the first packets instead of taken from SDP, and requests within a call go to where its messages come from instead of to its Contact. Default: true with `auth`, else false.",
      )
      .optional(),
    media_encryption: mediaEncryption
      .describe(
        "SRTP towards the agent, with keys in SDP (SDES, RFC 4568): `disabled` offers plain RTP, `allowed` SRTP over TLS and plain RTP else, `required` SRTP alone, so that an address without TLS gets no calls unless the trunk has `keys_over_clear_signalling`. Of calls that the agent places, `disabled` refuses offers of SRTP with 488, `allowed` takes what is offered, `required` refuses plain RTP. Default: `disabled`.",
      )
      .optional(),
    allowed_ips: z
      .array(ipNetwork)
      .max(64)
      .describe(
        "Addresses and networks (CIDR) from which this agent may place calls, beside those in `uri`. Who sits anywhere in a network may call as this agent, so name small ones. Default: none.",
      )
      .optional(),
    auth: agentDigest
      .describe(
        "User name and password with which this agent may place calls from any address; the agent side then answers strangers with a challenge. Requests within the call have to come from the address that the agent proved itself at.",
      )
      .optional(),
  })
  .describe("A voice agent reachable by SIP.")
  .meta({ title: "Agent" });

export const agents = z
  .record(identifier, agent)
  .describe("The agents of this trunk by their id: what `agent_id` may name.");
