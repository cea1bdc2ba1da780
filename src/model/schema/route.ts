/** Rules that send an inbound call to an agent or a number, or refuse it. */
import { z } from "zod";
import { headerCondition, hours, pattern } from "./condition.ts";
import { refusal } from "./refusal.ts";
import { headerName, headerValue, identifier, number, sipUser, variableName } from "./text.ts";

export const agentId = identifier
  .describe("Id of one of the trunk's agents.")
  .meta({ typeParameter: "AgentId" });

const extension = z
  .string()
  .regex(/^[A-Za-z0-9*_.-]{1,32}$/, "must be 1 to 32 letters, digits or any of * _ . -");

export const forward = z
  .union([
    number,
    z
      .strictObject({
        number: number.describe("The number, in E.164 or completed by the trunk's `country`."),
        via: identifier
          .describe("The `crew_id` of the trunk that carries the call. Default: this trunk.")
          .optional(),
      })
      .meta({ title: "ForwardVia" }),
    z
      .strictObject({
        extension: extension.describe(
          "An extension of a PBX that registers here, or any other user name there, called as it stands; the trunk's own `crew_id` calls the registered address unchanged, as a single telephone wants it.",
        ),
        via: identifier.describe("The `crew_id` of the PBX's trunk. Default: this trunk.").optional(),
      })
      .meta({ title: "ForwardToExtension" }),
  ])
  .describe(
    "Forward the call to a number over this trunk's `outbound`, or `via` another trunk; Diversion (RFC 5806) is added. Without `outbound` the call goes where the trunk's PBX has registered, which has the number, or the `extension`, in the Request-URI.",
  )
  .meta({ title: "Forward" });

const prefix = z.string().regex(/^\+?[0-9]{1,15}$/, "must be digits, with a leading + for E.164");

export const match = z
  .strictObject({
    to_user: sipUser.describe("Called user part, compared literally and case-sensitively.").optional(),
    to_uri: number
      .describe(
        "Called number, compared in E.164; `country` on the trunk completes national forms. A short number, of fewer than 7 digits such as `911`, is compared as it is.",
      )
      .optional(),
    to_prefix: prefix
      .describe(
        "Start of the called number in E.164, for example `+1415`. Without `+` it is the start of a national number of the trunk's `country`.",
      )
      .optional(),
    to_pattern: pattern
      .describe(
        "Regular expression (POSIX extended) that the whole called user part must match, as dialled and case-sensitively, for example `[2-4][0-9]{3}`; at most 128 characters, no backslash, no repeated group.",
      )
      .optional(),
    caller: number.describe("Caller's number, compared in E.164.").optional(),
    caller_prefix: prefix
      .describe(
        "Start of the caller's number in E.164, for example `+49`. Without `+` it is the start of a national number of the trunk's `country`.",
      )
      .optional(),
    header: z
      .union([headerCondition, z.array(headerCondition).min(1).max(8)])
      .describe(
        "What a header of the INVITE must be; of several, all. Where the INVITE has several of a name, one that fits is enough.",
      )
      .optional(),
    hours: z
      .union([hours, z.array(hours).min(1).max(32)])
      .describe("Day and time at which the rule holds; of several, any.")
      .optional(),
    not_hours: z
      .union([hours, z.array(hours).min(1).max(32)])
      .describe("Day and time at which the rule does not hold; of several, any.")
      .optional(),
  })
  .describe("Conditions that must all hold. An empty match takes every call.")
  .meta({ title: "Match" });

export const nextChoice = z
  .union([
    z.strictObject({ agent_id: agentId }).meta({ title: "ToAgent" }),
    z.strictObject({ forward }).meta({ title: "ToNumber" }),
    z.strictObject({ refuse: refusal.describe("Refuse the call.") }).meta({ title: "ToRefusal" }),
  ])
  .meta({ title: "NextChoice" });

export const route = z
  .strictObject({
    match,
    agent_id: agentId.describe("The agent that takes the call.").optional(),
    forward: forward.optional(),
    refuse: refusal.describe("Refuse the call instead of giving it to anybody.").optional(),
    ring_timeout: z
      .int()
      .min(1)
      .max(600)
      .describe(
        "Seconds that an agent or number may ring before the next choice is tried. Default: 180, after which the edge cancels the call.",
      )
      .optional(),
    on_failure: z
      .array(nextChoice)
      .max(16)
      .describe(
        "What comes next, in order, where an agent or number cannot be reached or answers that it cannot take the call.",
      )
      .optional(),
  })
  .describe(
    "A rule that sends an inbound call to an agent or a number, or refuses it. The first rule that matches wins.",
  )
  .meta({ title: "Route" });

export const inboundHeader = z
  .strictObject({
    header: headerName.describe("Header of the INVITE from the carrier side."),
    variable: variableName.describe(
      "Variable that it becomes: the agent gets its first value as `X-Crew-Var-<variable>`, on one line and at most 256 bytes long; no header where it is missing.",
    ),
  })
  .meta({ title: "InboundHeader" });

export const outboundHeader = z
  .strictObject({
    header: headerName.describe("Header of the INVITE towards the carrier side."),
    value: headerValue.describe(
      "Its value; `{{name}}` is filled from `X-Crew-Var-<name>` of the agent's INVITE. Where that is missing, the header is left out.",
    ),
  })
  .meta({ title: "OutboundHeader" });
