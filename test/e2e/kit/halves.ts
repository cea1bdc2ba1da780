/** An edge with one agent `hand` and one carrier, and hand-made halves of calls at all three places. */
import { type Half, half } from "../../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "../call-world.ts";

export const callerAt = "203.0.113.200";
export const agentAt = "10.0.4.200";
export const providerAt = "203.0.113.50";

/** The number that reaches the agent. */
export const handUri = `sip:${number(0)}@${edgeAt.address}`;

export interface Halves {
  readonly world: World;
  readonly caller: Half;
  readonly agent: Half;
  /** Where the agent's calls to +1 go. */
  readonly provider: Half;
}

export async function openHalves(): Promise<Halves> {
  const outbound = { uri: `sip:${providerAt}:5060`, allowed_destinations: ["+1"], caller_id: "+14155550100" };
  const agents = { hand: { uri: `sip:${agentAt}:5080` } };
  const world = await openWorld(draft(agents, [toAgent(0, "hand")], { outbound }));
  for (const address of [callerAt, agentAt, providerAt]) await world.lab.addAddress(address);
  const carriers = { address: edgeAt.address, port: edgeAt.port };
  return {
    world,
    caller: await half(world.lab, callerAt, 5070, carriers),
    agent: await half(world.lab, agentAt, 5080, agentsSide),
    provider: await half(world.lab, providerAt, 5060, carriers),
  };
}
