/** What a config may ask for and this target does not act on yet: a warning each, never silence. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import { ofFeatures } from "./unserved-features.ts";
import { ofRoutes } from "./unserved-routes.ts";
import { warning } from "./warning.ts";

export function unserved(model: Model): Diagnostic[] {
  return [
    ...model.trunks.flatMap((trunk) => [...ofTrunk(trunk), ...ofFeatures(trunk), ...ofRoutes(trunk, model)]),
    ...ofAgents(model),
    ...ofNetwork(model),
  ];
}

function ofTrunk(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.outbound !== undefined)
    found.push(
      warning(
        "CREW4001",
        trunk.outbound.at,
        `'outbound' of trunk '${trunk.id}' is not acted on yet: agents cannot place calls.`,
        "Inbound calls of this trunk work. Nothing needs to change.",
      ),
    );
  if (trunk.caller_id.source !== "from" || trunk.caller_id.fallback !== "from")
    found.push(
      warning(
        "CREW4002",
        join(sip, "caller_id"),
        `'caller_id' of trunk '${trunk.id}' is not acted on yet: agents get the caller from From.`,
        "Have the other end put the caller's number into From.",
      ),
    );
  const headers = [...trunk.inbound_headers, ...trunk.outbound_headers][0];
  if (headers !== undefined)
    found.push(
      warning(
        "CREW4003",
        join(sip, "custom_headers"),
        `'custom_headers' of trunk '${trunk.id}' are not acted on yet: these headers do not cross the edge.`,
        "Agents still get X-Crew-Agent, X-Crew-Trunk and X-Crew-Call-ID.",
      ),
    );
  if (trunk.media_encryption !== "disabled")
    found.push(
      warning(
        "CREW4004",
        join(sip, "media_encryption"),
        `'media_encryption' of trunk '${trunk.id}' is not acted on yet${trunk.media_encryption === "required" ? ": its calls are refused, since they could not be encrypted" : ": media is not encrypted"}.`,
        "Use 'disabled' where the network between is trusted.",
      ),
    );
  return found;
}

function ofAgents(model: Model): Diagnostic[] {
  return model.agents.flatMap((agent) => {
    const found: Diagnostic[] = [];
    const callers = [
      ...(agent.allowed_ips.length > 0 ? ["allowed_ips"] : []),
      ...(agent.auth === undefined ? [] : ["auth"]),
    ];
    for (const property of callers)
      found.push(
        warning(
          "CREW4008",
          join(agent.at, property),
          `'${property}' of agent '${agent.id}' is not acted on yet: agents cannot place calls.`,
          "Calls to the agent work. Nothing needs to change.",
        ),
      );
    if (agent.media_encryption !== "disabled")
      found.push(
        warning(
          "CREW4004",
          join(agent.at, "media_encryption"),
          `'media_encryption' of agent '${agent.id}' is not acted on yet${agent.media_encryption === "required" ? ": calls to it are refused, since they could not be encrypted" : ": media is not encrypted"}.`,
          "Use 'disabled' where the network between is trusted.",
        ),
      );
    return found;
  });
}

function ofNetwork(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (model.edge.outbound_routes.length > 0)
    found.push(
      warning(
        "CREW4010",
        join(model.edge.at, "outbound_routes"),
        "'outbound_routes' are not acted on yet: agents cannot place calls.",
        "Inbound calls work. Nothing needs to change.",
      ),
    );
  return found;
}
