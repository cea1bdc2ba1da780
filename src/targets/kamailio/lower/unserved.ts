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
  if (trunk.auth.type === "client_certificate")
    found.push(
      warning(
        "CREW4009",
        trunk.auth.at,
        `'client_certificate' of trunk '${trunk.id}' is not acted on yet: all its inbound calls are refused.`,
        "Use 'ip_allowlist' or 'digest'.",
      ),
    );
  for (const target of (trunk.outbound?.targets ?? []).filter((t) => t.transport === "tls"))
    found.push(
      warning(
        "CREW4025",
        target.at,
        `TLS towards the carrier of trunk '${trunk.id}' is not acted on yet: no call goes to this address.`,
        "Add an address with UDP or TCP.",
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
      ...(agent.allowed_ips.some((n) => n.prefix < (n.family === 4 ? 32 : 128)) ? ["allowed_ips"] : []),
      ...(agent.auth === undefined ? [] : ["auth"]),
    ];
    for (const property of callers)
      found.push(
        warning(
          "CREW4008",
          join(agent.at, property),
          `'${property}' of agent '${agent.id}' is not acted on yet: only single addresses may place calls.`,
          "List the addresses that the agent calls from, one by one.",
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
    for (const target of agent.targets.filter((t) => t.transport === "tls"))
      found.push(
        warning(
          "CREW4005",
          target.at,
          `TLS towards agent '${agent.id}' is not acted on yet: no call goes to this address.`,
          "Add a UDP or TCP address for the agent.",
        ),
      );
    return found;
  });
}

function ofNetwork(model: Model): Diagnostic[] {
  const network = model.edge.network;
  const found: Diagnostic[] = [];
  for (const side of ["carrier", "agents"] as const) {
    if (network[side].tls === undefined) continue;
    found.push(
      warning(
        "CREW4006",
        join(network.at, side, "tls"),
        `TLS on the ${side === "carrier" ? "carrier" : "agent"} side is not acted on yet: the edge does not listen there.`,
        "Peers reach the edge over UDP and TCP.",
      ),
    );
  }
  return found;
}
