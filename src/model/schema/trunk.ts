/** One relationship with a PBX or provider. */
import { z } from "zod";
import { agents, mediaEncryption } from "./agent.ts";
import { auth } from "./auth.ts";
import { codec } from "./codec.ts";
import { limits } from "./limits.ts";
import { outbound } from "./outbound.ts";
import { inboundHeader, outboundHeader, route } from "./route.ts";
import { identifier, sipUri } from "./text.ts";

const callerSource = z.enum(["pai", "rpid", "ppi", "from"]);

const referTo = z
  .string()
  .regex(
    /^\+(?:[1-9][0-9]{0,14})?$|^[A-Za-z0-9*_.-]{1,64}$/,
    "must be the start of numbers in E.164 such as +1415, or a whole extension or name such as 2003",
  );

const statusCode = z.int().min(400).max(699);

const sessionTimer = z
  .strictObject({
    expires: z
      .int()
      .min(90)
      .max(86_400)
      .describe(
        "Seconds without a refresh after which a call counts as dead (Session-Expires). Default: 1800.",
      )
      .optional(),
    min: z
      .int()
      .min(90)
      .max(86_400)
      .describe(
        "The shortest such time, in seconds (Min-SE). Less is refused with 422, or made so long where the caller does not know session timers. Default: 90.",
      )
      .optional(),
  })
  .meta({ title: "SessionTimer" });

const failover = z
  .strictObject({
    continue_on: z
      .array(statusCode)
      .max(64)
      .describe(
        "SIP codes of an agent's answer after which the next choice is tried, beside the usual ones. Default: none.",
      )
      .optional(),
    stop_on: z
      .array(statusCode)
      .max(64)
      .describe(
        "SIP codes of an agent's answer that end the attempt, of those after which it usually goes on; 503 reaches the other end as 500 (RFC 3261 section 16.7). Default: none.",
      )
      .optional(),
  })
  .meta({ title: "Failover" });

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
      .describe(
        "Codecs of the trunk, for audio: of an offer, video and data streams are refused; fax (T.38) and real-time text pass as they come. Default: PCMU, PCMA, opus.",
      )
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
        source: callerSource.describe(
          "Header of inbound calls that the caller's number is read from, and that carries it on outbound calls.",
        ),
        fallback: callerSource
          .describe(
            "Header of inbound calls that is read where the first is missing. Where both are, the agent gets From, but no P-Asserted-Identity. Default: `from`.",
          )
          .optional(),
      })
      .describe(
        "Where the caller's number comes from: P-Asserted-Identity (`pai`), Remote-Party-ID (`rpid`), P-Preferred-Identity (`ppi`) or From. The agent gets it in From and P-Asserted-Identity, in E.164 where the trunk has a `country`; of a caller who asks for privacy it gets an anonymous From and `Privacy: id`. Default: From as it stands.",
      )
      .meta({ title: "CallerId" })
      .optional(),
    media_encryption: mediaEncryption
      .describe(
        "SRTP with the carrier side, with keys in SDP (SDES, RFC 4568): `disabled` refuses offers of SRTP with 488, `allowed` takes what is offered, `required` refuses plain RTP. Where the edge offers, `allowed` is SRTP over TLS and plain RTP else. Default: `disabled`.",
      )
      .optional(),
    keys_over_clear_signalling: z
      .boolean()
      .describe(
        "Let the keys of SRTP travel in SDP (SDES, RFC 4568) over UDP or TCP too, where whoever sees the messages can decrypt the audio. Goes for the agents of the trunk's calls too. Without it SRTP over UDP or TCP is refused, and not offered. Default: false.",
      )
      .optional(),
    transcode: z
      .enum(["auto", "always", "never"])
      .describe(
        "Turn one codec into another: `auto` only where an offer has none that the other side speaks, `always` so that each side gets the first codec of its list, `never`. Default: `auto`.",
      )
      .optional(),
    dtmf: z
      .enum(["rfc4733", "info", "auto"])
      .describe(
        "How digits cross: `rfc4733` as telephone events in the audio stream, also those that come as SIP INFO (`application/dtmf-relay` or `application/dtmf`), and `info` as SIP INFO to and from the other end, while agents send and get telephone events; for both the edge decodes the audio of the trunk's calls. `auto` as they come, and so in calls that the edge forwards to the trunk. Default: `auto`.",
      )
      .optional(),
    session_timer: z
      .union([z.literal(false), sessionTimer])
      .describe(
        "Session timer (RFC 4028): Session-Expires, which the edge adds where an INVITE has none, and the shortest that it takes. The two ends refresh, the edge never does. `false` leaves all that to them. Default: 1800 seconds.",
      )
      .optional(),
    refer: z
      .enum(["off", "pass"])
      .describe(
        "Call transfer by REFER within a call: `off` refuses it with 405, `pass` hands it to the other side, which then calls by itself; whom it may name says `refer_to`. In calls that the edge forwards it is refused with 405 in any case. Where the other side asks for a password, the edge has one only for the carrier of a call that an agent placed; else the REFER is answered 500. Default: `off`.",
      )
      .optional(),
    refer_to: z
      .array(referTo)
      .min(1)
      .max(1000)
      .describe(
        "Whom a REFER may name, from either side: starts of numbers in E.164, for example `+1415`, and extensions or names as they stand, for example `2003`; anybody else is refused with 403, and so is what `outbound` denies. Default: what `outbound` allows; without `outbound` nobody.",
      )
      .optional(),
    failover: failover
      .describe(
        "Which answers lead to the next choice. Usually: 408, 430, 480, 500, 502, 503, 504 and 580. Silence, a failed connection and ringing for too long always do.",
      )
      .optional(),
    nat: z
      .boolean()
      .describe(
        "The other end is behind NAT: its media address is learned from the first packets instead of taken from SDP, and requests within a call go to where its messages come from instead of to its Contact. Default: true with digest, else false.",
      )
      .optional(),
  })
  .describe("The SIP side of the trunk.")
  .meta({ title: "Sip" });

export const country = z
  .string()
  .regex(/^[A-Z]{2}$/, "must be a country code such as US (ISO 3166-1)")
  .describe(
    "Country of the trunk's numbers (ISO 3166-1 alpha-2): completes national forms to E.164. Fewer than 7 digits, such as `911`, are a short number and stay as they are.",
  );

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
