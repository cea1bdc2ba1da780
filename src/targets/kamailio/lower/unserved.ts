/** What a config may ask for and this target does not act on yet: a warning each, never silence. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import { diallingDigests, mayRegister } from "./registrar.ts";
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
  const dialling = new Set(diallingDigests(model).map((d) => d.agent.key));
  return model.agents.flatMap((agent) =>
    agent.auth === undefined || dialling.has(agent.key)
      ? []
      : [
          warning(
            "CREW4008",
            agent.auth.at,
            `'auth' of agent '${agent.id}' has no effect: no trunk of its carries calls, since none has 'outbound' or a PBX that registers.`,
            "Add 'outbound' to a trunk that has the agent, or remove 'auth'.",
          ),
        ],
  );
}
