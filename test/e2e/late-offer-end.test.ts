/** Calls without an offer of the caller's that end before anybody answered the agent's: their media ports are given back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { back, type Half, half, invite, same, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { response, sdp } from "./kit/message.ts";

const carrierHost = "203.0.113.200";
const agentHost = "10.0.4.200";

describe.each(["6.1", "6.0", "5.6"])("on engine line %s, an agent's offer that nobody answers", (engine) => {
  let world: World;
  let caller: Half;
  let agent: Half;
  beforeAll(async () => {
    const hand = { uri: `sip:${agentHost}:5080` };
    world = await openWorld({ engine, ...draft({ hand }, [toAgent(0, "hand")]) });
    await world.lab.addAddress(carrierHost);
    await world.lab.addAddress(agentHost);
    caller = await half(world.lab, carrierHost, 5060, edgeAt);
    agent = await half(world.lab, agentHost, 5080, agentsSide);
  });
  afterAll(() => world.close());

  const ring = (headers: readonly string[] = []) =>
    invite(caller, agent, { uri: `sip:${number(0)}@${edgeAt.address}`, body: "", headers });
  const say = (to: string, status: string, body = "", headers: readonly string[] = []) =>
    agent.send(
      response(to, status, { toTag: "agent", contact: `sip:agent@${agentHost}:5080`, body, headers }),
    );
  const gone = () => expect.poll(() => world.sessions(), { timeout: 5000, interval: 50 }).toEqual([]);

  test.each(["caller", "agent"])("is over with a BYE of the %s, after an ACK without SDP", async (who) => {
    const call = await ring();
    await say(call.got, "200 OK", sdp(agentHost, 18_000));
    const ok = await caller.next(call.callId, 200);
    await caller.send(within(caller, call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");
    expect(await world.sessions()).toHaveLength(1);
    if (who === "caller") {
      await caller.send(within(caller, call, ok, "BYE", 2));
      await say(await agent.next(call.callId, "BYE"), "200 OK");
    } else {
      await agent.send(back(agent, call, "BYE", 1));
      const contact = `sip:+14155550100@${carrierHost}:5060`;
      await caller.send(response(await caller.next(call.callId, "BYE"), "200 OK", { contact }));
    }
    await gone();
  });

  test.each(["CANCEL", "486 Busy Here", "503 Service Unavailable"])("is over with %s", async (end) => {
    const call = await ring(["Supported: 100rel"]);
    await say(call.got, "183 Session Progress", sdp(agentHost, 18_000), ["Require: 100rel", "RSeq: 7"]);
    await caller.next(call.callId, 183);
    expect(await world.sessions()).toHaveLength(1);
    if (end === "CANCEL") {
      await caller.send(same(call, "CANCEL"));
      await say(await agent.next(call.callId, "CANCEL"), "200 OK");
      await say(call.got, "487 Request Terminated");
      await caller.next(call.callId, 487);
    } else {
      await say(call.got, end);
      await caller.next(call.callId, end.startsWith("486") ? 486 : 480);
    }
    await gone();
  });
});
