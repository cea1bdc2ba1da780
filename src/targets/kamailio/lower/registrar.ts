/** PBXs that register here, and calls that go where they have. */
import type { AgentModel, DigestModel, Model, OutboundModel, TrunkModel } from "../../../model/model.ts";

/** Whether the other end of a trunk may register. */
export function mayRegister({ auth }: TrunkModel): boolean {
  return auth.type === "digest" && auth.register;
}

/** A trunk with a way for calls, be it in the config or registered. */
export type Carrying = TrunkModel & { readonly outbound: OutboundModel };

/**
 * The trunk as one that calls go out over, or nothing. One without `outbound` has no target but the contacts of its PBX, which
 * decides what may be called.
 */
export function carrying(trunk: TrunkModel): Carrying[] {
  if (trunk.outbound !== undefined) return [{ ...trunk, outbound: trunk.outbound }];
  const { auth } = trunk;
  if (auth.type !== "digest" || !auth.register) return [];
  const { at } = auth;
  const outbound: OutboundModel = {
    at,
    targets: [],
    caller_ids: [],
    number_format: "e164",
    user_phone: false,
    allowed_destinations: [{ at, prefix: "+" }],
    denied_destinations: [],
  };
  return [{ ...trunk, outbound }];
}

/** Whether calls over a trunk go where its PBX has registered. */
export function goesToContact({ outbound }: Carrying): boolean {
  return outbound.targets.length === 0;
}

/** Agents that may place calls with a password: those that have one, and a trunk that carries calls. */
export function diallingDigests(model: Model): { readonly agent: AgentModel; readonly auth: DigestModel }[] {
  const carriers = model.trunks.flatMap(carrying);
  return model.agents.flatMap((agent) =>
    agent.auth !== undefined && carriers.some((t) => t.agents.includes(agent.key))
      ? [{ agent, auth: agent.auth }]
      : [],
  );
}
