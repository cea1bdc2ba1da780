/** Calls from agents to the carrier side. */
import { z } from "zod";
import { digestUsername, identifier, number, realm, secretValue, sipUri, sipUser } from "./text.ts";
import { weightedUri } from "./uri.ts";

const providerUri = sipUri.describe(
  "The provider's SIP URI, for example `sip:provider.example`. Without a port, DNS names the hosts (SRV, over UDP also NAPTR; RFC 3263).",
);

const destinationPrefix = z
  .string()
  .regex(/^\+(?:[1-9][0-9]{0,14})?$/, "must be the start of numbers in E.164 such as +1 or +4930");

const destination = z
  .string()
  .regex(
    /^(?:\+(?:[1-9][0-9]{0,14})?|(?!00)[0-9]{2,6})$/,
    "must be the start of numbers in E.164 with its '+', such as +1 or +4930, or a short number such as 911",
  );

const registration = z
  .strictObject({
    registrar: sipUri.describe("Where to register, as a SIP URI. Default: the first `uri`.").optional(),
    expires: z
      .int()
      .min(60)
      .max(86_400)
      .describe("Seconds that a registration is asked to last. Default: 300.")
      .optional(),
    contact_user: sipUser
      .describe("User part of the address that the provider shall call. Default: the trunk's `crew_id`.")
      .optional(),
  })
  .meta({ title: "Registration" });

export const outbound = z
  .strictObject({
    uri: z
      .union([
        providerUri,
        z
          .array(z.union([providerUri, weightedUri]))
          .min(1)
          .max(64),
      ])
      .describe("Where the provider takes calls. Several URIs share the load and stand in for each other."),
    transport: z
      .enum(["udp", "tcp", "tls"])
      .describe(
        "Transport towards the provider where a URI does not say `;transport=…`. Over `tls` nothing is sent before the provider has answered an OPTIONS with a certificate for the host of its URI. Default: `udp`, with `sips:` `tls`.",
      )
      .optional(),
    auth: z
      .strictObject({
        username: digestUsername.describe("User name at the provider."),
        password: secretValue.describe('Password at the provider: `secret("NAME")`.'),
        realm: realm
          .describe(
            "Realm of the provider's challenge; challenges of other realms are not answered. Default: any realm.",
          )
          .optional(),
      })
      .describe("Credentials that answer the provider's challenge.")
      .meta({ title: "OutboundAuth" })
      .optional(),
    caller_id: number
      .describe(
        "Caller's number of outbound calls, completed by the trunk's `country` where it is not a short number; takes the place of the agent's own. Default: the agent's own.",
      )
      .optional(),
    caller_ids: z
      .array(number)
      .max(10_000)
      .describe(
        "Numbers that an agent may choose as the caller; every other one gives way to `caller_id`. Default: none.",
      )
      .optional(),
    number_format: z
      .enum(["e164", "digits", "national", "international"])
      .describe(
        "How numbers are written towards the provider: `e164` +14155551111, `digits` 14155551111, `national` as dialled inside of the trunk's `country` (other countries as `international`), `international` with 00 or the country's own prefix. Default: `e164`.",
      )
      .optional(),
    user_phone: z
      .boolean()
      .describe("Mark URIs that hold a number with `;user=phone` (RFC 3261 section 19.1.1). Default: false.")
      .optional(),
    allowed_destinations: z
      .array(destination)
      .min(1)
      .max(1000)
      .describe(
        "Starts of the numbers in E.164 that may be called, for example `+49`; all others are refused with 403. `+1` is all of North America and the Caribbean, `+` every number. A short number, of fewer than 7 digits such as `911`, is called as it is where it is an entry itself or `+` is one: name those of emergency services. Default: the trunk's `country`, without one every number.",
      )
      .optional(),
    denied_destinations: z
      .array(destinationPrefix)
      .max(1000)
      .describe(
        "Starts of numbers in E.164 that are never called, for example `+1900`; they win over `allowed_destinations`. Default: none.",
      )
      .optional(),
    register: z
      .union([z.literal(true), registration])
      .describe(
        "Register with the provider (RFC 3261 section 10), with the user name and password of `auth`. Calls to the registered address are taken from the registrar and from the hosts of `uri`. Default: no registration.",
      )
      .optional(),
  })
  .describe(
    "Calls from agents to the carrier side. An agent names the trunk of its call, by `crew_id`, in the header `X-Crew-Trunk` of its INVITE; without it the edge's `outbound_routes` decide, else the agent's only trunk carries it.",
  )
  .meta({ title: "Outbound" });

/** Rules of the edge that say over which trunk an agent's call goes. */
export const outboundRoute = z
  .strictObject({
    match: z
      .strictObject({
        to_uri: number
          .describe("Called number in E.164, or a short one, of fewer than 7 digits such as `911`, as it is.")
          .optional(),
        to_prefix: destinationPrefix
          .describe("Start of the called number in E.164, for example `+49`.")
          .optional(),
        agent_id: identifier.describe("Id of the agent that places the call.").optional(),
      })
      .describe("Conditions that must all hold. An empty match takes every call.")
      .meta({ title: "OutboundMatch" }),
    via: z
      .union([identifier, z.array(identifier).min(1).max(16)])
      .describe("The `crew_id` of the trunk that carries the call; several are tried in order."),
  })
  .describe("A rule that says over which trunk an agent's call goes. The first rule that matches wins.")
  .meta({ title: "OutboundRoute" });
