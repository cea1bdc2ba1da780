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
  if (model.edge.outbound_routes.length > 0)
    found.push(
      warning(
        "CREW4010",
        join(model.edge.at, "outbound_routes"),
        "'outbound_routes' are not acted on yet: agents cannot place calls.",
        "Inbound calls work. Nothing needs to change.",
      ),
    );
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
