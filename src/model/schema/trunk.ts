/** One relationship with a PBX or provider. */
import { z } from "zod";
import { agents, mediaEncryption } from "./agent.ts";
import { auth } from "./auth.ts";
import { codec } from "./codec.ts";
import { inboundHeader, outboundHeader, route } from "./route.ts";
import { digestUsername, identifier, number, secretValue, sipUri } from "./text.ts";

const callerSource = z.enum(["pai", "rpid", "ppi", "from"]);

export const outbound = z
  .strictObject({
    uri: sipUri.describe("The provider's SIP URI."),
    transport: z
      .enum(["udp", "tcp", "tls"])
      .describe("Transport towards the provider. Default: `udp`.")
      .optional(),
    auth: z
      .strictObject({
        username: digestUsername.describe("User name at the provider."),
        password: secretValue.describe('Password at the provider: `secret("NAME")`.'),
      })
      .describe("Credentials that answer the provider's challenge.")
      .meta({ title: "OutboundAuth" })
      .optional(),
    caller_id: number.describe("Caller's number of outbound calls.").optional(),
  })
  .describe("Calls from agents to the carrier side.")
  .meta({ title: "Outbound" });

export const limits = z
  .strictObject({
    calls: z
      .int()
      .min(1)
      .max(100000)
      .describe("Calls at the same time, ringing ones included. Default: no limit.")
      .optional(),
    calls_per_second: z
      .int()
      .min(1)
      .max(10000)
      .describe("New calls in a second. Default: no limit.")
      .optional(),
  })
  .describe("What the trunk may use. A full trunk answers 503.")
  .meta({ title: "Limits" });

export const sip = z
  .strictObject({
    auth: auth.optional(),
    outbound: outbound.optional(),
    inbound_routes: z
      .array(route)
      .max(1_000_000)
      .describe("Where inbound calls go, first match wins. No match: 404.")
      .optional(),
    codecs: z
      .array(codec)
      .min(1)
      .max(8)
      .describe("Codecs of the trunk. Default: PCMU, PCMA, opus.")
      .optional(),
    custom_headers: z
      .strictObject({
        inbound: z
          .array(inboundHeader)
          .max(32)
          .describe("Headers of the carrier side that agents get.")
          .optional(),
        outbound: z
          .array(outboundHeader)
          .max(32)
          .describe("Headers that calls to the carrier side carry.")
          .optional(),
      })
      .describe("Headers that cross the edge, beyond the protocol's own.")
      .meta({ title: "CustomHeaders" })
      .optional(),
    caller_id: z
      .strictObject({
        source: callerSource.describe("Header that the caller's number is read from."),
        fallback: callerSource
          .describe("Header that is read where the first is missing. Default: `from`.")
          .optional(),
      })
      .describe(
        "Where the caller's number comes from: P-Asserted-Identity, Remote-Party-ID, P-Preferred-Identity or From.",
      )
      .meta({ title: "CallerId" })
      .optional(),
    media_encryption: mediaEncryption
      .describe("SRTP towards the carrier side. Default: `disabled`.")
      .optional(),
    nat: z
      .boolean()
      .describe(
        "The other end's media address is not the one in its SDP: learn it from the first packets. Default: true with digest, else false.",
      )
      .optional(),
  })
  .describe("The SIP side of the trunk.")
  .meta({ title: "Sip" });

export const country = z
  .string()
  .regex(/^[A-Z]{2}$/, "must be a country code such as US (ISO 3166-1)")
  .describe("Country of the trunk's numbers (ISO 3166-1 alpha-2): completes national forms to E.164.");

export const trunk = z
  .strictObject({
    crew_id: identifier
      .describe("Name of the trunk, unique on an edge; callers may dial `sip:{crew_id}@…`. Default: `crew`.")
      .optional(),
    agents: agents.optional(),
    agent_gateway: sipUri
      .describe(
        "One SIP application that serves all agents and takes the agent's id as the user part; then any `agent_id` is good.",
      )
      .optional(),
    country: country.optional(),
    limits: limits.optional(),
    sip,
    pbx: z
      .array(
        z
          .looseObject({ type: identifier.describe("Kind of PBX, for example `asterisk`.") })
          .meta({ title: "Pbx" }),
      )
      .max(16)
      .describe("PBXs at the other end whose configuration is generated too.")
      .optional(),
  })
  .describe("One relationship with a PBX or provider.")
  .meta({ title: "Trunk" });
