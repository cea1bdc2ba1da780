/** Audio of calls that are encrypted on both sides: each side's with its own keys, whoever offered, also after an offer within the call. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UdpPeer } from "../lab/sockets.ts";
import { type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { cryptoLine, keyOf, keysIn, type Suite } from "./kit/keys.ts";
import { methodOf, response, sdp } from "./kit/message.ts";
import { secureFlows } from "./kit/srtp.ts";

const callerAt = "203.0.113.200";
const agentAt = "10.0.4.200";
const suite = "AES_CM_128_HMAC_SHA1_80";
type Crypto = `${number} ${Suite}`;

describe.each(["6.1", "6.0"] as const)("engine line %s", (engine) => {
  let world: World;
  let caller: Half;
  let agent: Half;
  let callerMedia: UdpPeer;
  let agentMedia: UdpPeer;
  beforeAll(async () => {
    const agents = { sealed: { uri: `sip:${agentAt}:5080`, media_encryption: "required" } };
    const sip = { media_encryption: "required", keys_over_clear_signalling: true };
    world = await openWorld({ ...draft(agents, [toAgent(0, "sealed")], sip), engine });
    for (const address of [callerAt, agentAt]) await world.lab.addAddress(address);
    caller = await half(world.lab, callerAt, 5060, edgeAt);
    agent = await half(world.lab, agentAt, 5080, agentsSide);
    callerMedia = await world.lab.udp(callerAt, 17_000);
    agentMedia = await world.lab.udp(agentAt, 18_000);
    const serve = async (): Promise<void> => {
      for (;;) {
        const { text } = await agent.peer.receive(600_000, (d) => methodOf(d.text) === "OPTIONS");
        await agent.send(response(text, "200 OK", { toTag: "agent" }));
      }
    };
    serve().catch(() => {});
  }, 600_000);
  afterAll(() => world.close());

  const media = (at: string, crypto: Crypto): string =>
    sdp(at, at === callerAt ? 17_000 : 18_000).replace("RTP/AVP", "RTP/SAVP") + cryptoLine(at, crypto);
  const usual: Crypto = `1 ${suite}`;
  const uri = `sip:${number(0)}@${edgeAt.address}`;
  const say = (to: string, status: string, body = ""): Promise<void> =>
    agent.send(response(to, status, { toTag: "agent", contact: `sip:agent@${agentAt}:5080`, body }));
  const keyIn = (told: string): string => keysIn(told)[0] ?? "";
  /** What each side was told last, with the keys that its own SDP had. */
  async function talks(toCaller: string, toAgent: string): Promise<void> {
    const there = { own: keyOf(callerAt, suite), told: toCaller, theirs: keyIn(toAgent) };
    const hither = { own: keyOf(agentAt, suite), told: toAgent, theirs: keyIn(toCaller) };
    expect(await secureFlows(callerMedia, there, agentMedia)).toBe(true);
    expect(await secureFlows(agentMedia, hither, callerMedia)).toBe(true);
    // Nobody's own key opens the way.
    const wrong = { ...there, own: keyOf(agentAt, suite) };
    expect(await secureFlows(callerMedia, wrong, agentMedia)).toBe(false);
  }
  async function ends(call: Invited, ok: string): Promise<void> {
    await caller.send(within(caller, call, ok, "BYE", 9));
    await say(await agent.next(call.callId, "BYE"), "200 OK");
    await caller.next(call.callId, 200);
  }

  test("the caller offers, twice, the second time with another tag", async () => {
    const call = await invite(caller, agent, { uri, body: media(callerAt, usual) });
    await say(call.got, "200 OK", media(agentAt, usual));
    const ok = await caller.next(call.callId, 200);
    await caller.send(within(caller, call, ok, "ACK", 1));
    await agent.next(call.callId, "ACK");
    await talks(ok, call.got);
    const body = media(callerAt, `4 ${suite}`);
    await caller.send(within(caller, call, ok, "INVITE", 2, { body }));
    const again = await agent.next(call.callId, "INVITE");
    await say(again, "200 OK", media(agentAt, usual));
    const answered = await caller.next(call.callId, 200);
    await caller.send(within(caller, call, ok, "ACK", 2));
    await agent.next(call.callId, "ACK");
    await talks(answered, again);
    await ends(call, ok);
  });

  test("the agent offers, since the caller did not", async () => {
    const call = await invite(caller, agent, { uri, body: "" });
    await say(call.got, "200 OK", media(agentAt, usual));
    const ok = await caller.next(call.callId, 200);
    const body = media(callerAt, usual);
    await caller.send(within(caller, call, ok, "ACK", 1, { body }));
    const ack = await agent.next(call.callId, "ACK");
    await talks(ok, ack);
    await ends(call, ok);
  });
});
