/** Rules that send an inbound call to an agent or refuse it. */
import { z } from "zod";
import { headerName, headerValue, identifier, number, reasonPhrase, sipUser, variableName } from "./text.ts";

export const agentId = identifier
  .describe("Id of one of the trunk's agents.")
  .meta({ typeParameter: "AgentId" });

export const refusal = z
  .strictObject({
    code: z.int().min(400).max(699).describe("SIP status code of the refusal (RFC 3261 section 21)."),
    reason: reasonPhrase.describe("Reason phrase. Default: the usual one of the code.").optional(),
  })
  .meta({ title: "Refusal" });

const prefix = z.string().regex(/^\+?[0-9]{1,15}$/, "must be digits, with a leading + for E.164");

export const match = z
  .strictObject({
    to_user: sipUser.describe("Called user part, compared literally and case-sensitively.").optional(),
    to_uri: number
      .describe("Called number, compared in E.164; `country` on the trunk completes national forms.")
      .optional(),
    to_prefix: prefix.describe("Start of the called number in E.164, for example `+1415`.").optional(),
    caller: number.describe("Caller's number, compared in E.164.").optional(),
    caller_prefix: prefix.describe("Start of the caller's number in E.164, for example `+49`.").optional(),
  })
  .describe("Conditions that must all hold. An empty match takes every call.")
  .meta({ title: "Match" });

export const nextChoice = z
  .union([
    z.strictObject({ agent_id: agentId }).meta({ title: "ToAgent" }),
    z.strictObject({ refuse: refusal.describe("Refuse the call.") }).meta({ title: "ToRefusal" }),
  ])
  .meta({ title: "NextChoice" });

export const route = z
  .strictObject({
    match,
    agent_id: agentId.describe("The agent that takes the call.").optional(),
    refuse: refusal.describe("Refuse the call instead of giving it to an agent.").optional(),
    ring_timeout: z
      .int()
      .min(1)
      .max(600)
      .describe(
        "Seconds that an agent may ring before the next choice is tried. Default: no bound but the caller's patience (180 s).",
      )
      .optional(),
    on_failure: z
      .array(nextChoice)
      .max(16)
      .describe(
        "What comes next, in order, where an agent cannot be reached or answers that it cannot take the call.",
      )
      .optional(),
  })
  .describe("A rule that sends an inbound call to an agent or refuses it. The first rule that matches wins.")
  .meta({ title: "Route" });

export const inboundHeader = z
  .strictObject({
    header: headerName.describe("Header of the INVITE from the carrier side."),
    variable: variableName.describe(
      "Variable that it becomes: the agent gets it as `X-Crew-Var-<variable>`.",
    ),
  })
  .meta({ title: "InboundHeader" });

export const outboundHeader = z
  .strictObject({
    header: headerName.describe("Header of the INVITE towards the carrier side."),
    value: headerValue.describe("Its value; `{{name}}` is filled from the agent's INVITE."),
  })
  .meta({ title: "OutboundHeader" });
