/** What a config may ask for and this target does not act on yet: a warning each, never silence. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import { mayRegister } from "./registrar.ts";
import { warning } from "./warning.ts";

export function unserved(model: Model): Diagnostic[] {
  return [...model.trunks.flatMap(ofTrunk), ...ofAgents(model)];
}

function ofTrunk(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.outbound === undefined && !mayRegister(trunk) && trunk.outbound_headers.length > 0)
    found.push(
      warning(
        "CREW4003",
        join(sip, "custom_headers", "outbound"),
        `'custom_headers.outbound' of trunk '${trunk.id}' has no effect: no calls go to it, since it has no 'outbound' and its other end does not register.`,
        "Add 'outbound' with the address of the other end, or remove these headers.",
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
          property === "auth"
            ? `'auth' of agent '${agent.id}' is not acted on yet: only the addresses that it calls from say who it is.`
            : `Networks in 'allowed_ips' of agent '${agent.id}' are not acted on yet: only its single addresses may place calls.`,
          "List the addresses that the agent calls from in 'allowed_ips', one by one.",
        ),
      );
    return found;
  });
}
