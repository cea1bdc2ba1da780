/** An edge with many routes on loopback: what a call to a user finds, or that it finds nothing. */
import { headerValues } from "../../../src/phone/message.ts";
import { request, unique, uriOf } from "../../e2e/kit/message.ts";
import { startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { agentSide, answer, carrierSide, half, loopbackEdge } from "./calls.ts";

export interface Routing {
  /** The agent and the user that it is called by. `to` is the called user of To, where it is another one. */
  finds(user: string, options?: { readonly from?: string; readonly to?: string }): Promise<string>;
  /** Waits for 404, and says what Kamailio complained about. `user` undefined: a Request-URI without one. */
  misses(user: string | undefined): Promise<string>;
  close(): Promise<void>;
}

/** Starts an edge for calls of 127.0.0.2; `trunk` has agents a to d. */
export async function routing(
  engine: string,
  trunk: Record<string, unknown>,
  inbound_routes: readonly unknown[],
): Promise<Routing> {
  const lab = await openLab();
  try {
    return await start(lab, engine, trunk, inbound_routes);
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function start(
  lab: Lab,
  engine: string,
  trunk: Record<string, unknown>,
  inbound_routes: readonly unknown[],
): Promise<Routing> {
  const caller = await half(lab, "127.0.0.2", 5070, carrierSide);
  const agent = await half(lab, "127.0.0.3", 5080, agentSide);
  const agents = Object.fromEntries(["a", "b", "c", "d"].map((id) => [id, { uri: "sip:127.0.0.3:5080" }]));
  const codecs = [{ name: "PCMU" }];
  const draft = loopbackEdge({ agents, ...trunk }, { inbound_routes, codecs });
  const edge = await startEdge(lab, { ...(draft as object), engine });
  const call = async (user: string | undefined, from = "+14155550100", to = user): Promise<string> => {
    const callId = unique("call");
    const host = carrierSide.address;
    const at = (name: string | undefined) => (name === undefined ? `sip:${host}` : `sip:${name}@${host}`);
    await caller.send(request({ at: caller.at, uri: at(user), to: `<${at(to)}>`, callId, from }));
    return callId;
  };
  return {
    async finds(user, { from, to } = {}) {
      const callId = await call(user, from, to);
      const got = await agent.next(callId, "INVITE");
      await agent.send(answer(agent, got, "486 Busy Here"));
      await caller.next(callId, 486);
      return `${headerValues(got, "X-Crew-Agent")[0]} ${uriOf(got).replace(/^sip:|@.*/g, "")}`;
    },
    async misses(user) {
      await caller.next(await call(user), 404);
      return edge.kamailio.lines.filter((line) => /\b(?:ERROR|WARNING): </.test(line)).join("\n");
    },
    close: () => lab.close(),
  };
}

/** A route to an agent. */
export const to = (agent_id: string, match: object) => ({ match, agent_id });

/** Routes of `count` numbers in a row, or `step` apart, to agent a. */
export const block = (count: number, start: string, first: number, step = 1) =>
  Array.from({ length: count }, (_, i) => to("a", { to_uri: `${start}${first + i * step}` }));
