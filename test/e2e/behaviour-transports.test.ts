/** Connections and NAT: how requests within a call find their way back. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { back, type Half, half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { type Connection, connectionOf, overTcp } from "./kit/connection.ts";
import { request, response, sdp, unique } from "./kit/message.ts";
import { flows } from "./kit/rtp.ts";

const callerAt = "203.0.113.200";
const agentAt = "10.0.4.200";
/** What a caller behind NAT believes its address to be. */
const inside = "192.168.77.9";

let world: World;
let agent: Half;
beforeAll(async () => {
  const agents = {
    hand: { uri: `sip:${agentAt}:5080` },
    stream: { uri: `sip:${agentAt}:5090;transport=tcp` },
  };
  const routes = [toAgent(0, "hand"), toAgent(1, "stream")];
  world = await openWorld(draft(agents, routes, { nat: true, codecs: [{ name: "PCMU" }, { name: "PCMA" }] }));
  await world.lab.addAddress(callerAt);
  await world.lab.addAddress(agentAt);
  agent = await half(world.lab, agentAt, 5080, agentsSide);
});
afterAll(() => world.close());

const uri = (n: number): string => `sip:${number(n)}@${edgeAt.address}`;
const answers = (to: string, contact = `sip:agent@${agentAt}:5080`): string =>
  response(to, "200 OK", {
    toTag: "agent",
    contact,
    body: /^INVITE/.test(to) ? sdp(agentAt, 18_000) : "",
  });

async function connect(): Promise<Connection> {
  const peer = await world.lab.tcp(edgeAt, { address: callerAt });
  onTestFinished(() => peer.close());
  return connectionOf(peer, { address: callerAt, port: peer.port });
}

/** A call over a connection to a number, as far as the agent's INVITE. */
async function inviteOver(caller: Connection, n: number, to: Pick<Half, "next">): Promise<Invited> {
  const callId = unique("tcp");
  const sent = overTcp(request({ at: caller.at, uri: uri(n), callId }));
  await caller.send(sent);
  return { callId, sent, got: await to.next(callId, "INVITE") };
}

test("a caller over TCP and an agent over UDP: re-INVITEs of both, and BYE, over the caller's own connection", async () => {
  shows("behaviour/20-transports");
  const caller = await connect();
  const call = await inviteOver(caller, 0, agent);
  expect(headerValues(call.got, "Via")[0]).toMatch(/^SIP\/2\.0\/UDP/);
  await agent.send(answers(call.got));
  const ok = await caller.next(call.callId, 200);
  await caller.send(overTcp(within(caller, call, ok, "ACK", 1)));
  await agent.next(call.callId, "ACK");
  await caller.send(overTcp(within(caller, call, ok, "INVITE", 2, { body: sdp(callerAt, 17_002) })));
  const again = await agent.next(call.callId, "INVITE");
  await agent.send(answers(again));
  await caller.next(call.callId, 200);
  await caller.send(overTcp(within(caller, call, ok, "ACK", 2)));
  await agent.next(call.callId, "ACK");
  await agent.send(back(agent, call, "INVITE", 1, sdp(agentAt, 18_002)));
  const theirs = await caller.next(call.callId, "INVITE");
  expect(headerValues(theirs, "Via")[0]).toMatch(/^SIP\/2\.0\/TCP/);
  const contact = `sip:caller@${callerAt}:${caller.at.port};transport=tcp`;
  await caller.send(response(theirs, "200 OK", { contact, body: sdp(callerAt, 17_002) }));
  await agent.next(call.callId, 200);
  await agent.send(back(agent, call, "ACK", 1));
  await caller.next(call.callId, "ACK");
  await agent.send(back(agent, call, "BYE", 2));
  await caller.send(response(await caller.next(call.callId, "BYE"), "200 OK"));
  await agent.next(call.callId, 200);
  await expect.poll(() => world.sessions(), soon).not.toContain(call.callId);
});

test("one connection of a caller and one to an agent serve three calls, one after the other and side by side", async () => {
  shows("behaviour/21-connections");
  const listener = await world.lab.listen(agentAt, 5090);
  onTestFinished(() => listener.close());
  const caller = await connect();
  const connections: Connection[] = [];
  const accepting = (async () => {
    for (;;) {
      const peer = await listener.accept(20_000).catch(() => undefined);
      if (peer === undefined) return;
      connections.push(connectionOf(peer, { address: agentAt, port: 5090 }));
    }
  })();
  void accepting;
  // The edge's own questions are answered, on whichever connection they come.
  const pings = setInterval(() => {
    for (const c of connections)
      for (const text of c.messages().filter((t) => t.startsWith("OPTIONS ")))
        void c
          .next(headerValues(text, "Call-ID")[0] ?? "", "OPTIONS", 0)
          .then((ping) => c.send(answers(ping)))
          .catch(() => {});
  }, 20);
  onTestFinished(() => clearInterval(pings));
  const anyAgent: Pick<Half, "next"> = {
    next: async (callId, what, ms = 4000) => {
      for (const end = Date.now() + ms; ; ) {
        for (const c of connections) {
          const got = await c.next(callId, what, 0).catch(() => undefined);
          if (got !== undefined) return got;
        }
        if (Date.now() > end) throw new Error(`no ${what} at the agent`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
  const answer = async (text: string): Promise<void> => {
    const at = connections.find((c) => c.messages().includes(text));
    await at?.send(answers(text, `sip:agent@${agentAt}:5090;transport=tcp`));
  };
  const place = async () => {
    const call = await inviteOver(caller, 1, anyAgent);
    await answer(call.got);
    const ok = await caller.next(call.callId, 200);
    await caller.send(overTcp(within(caller, call, ok, "ACK", 1)));
    await anyAgent.next(call.callId, "ACK");
    return { call, ok };
  };
  const end = async ({ call, ok }: { call: Invited; ok: string }): Promise<void> => {
    await caller.send(overTcp(within(caller, call, ok, "BYE", 2)));
    await answer(await anyAgent.next(call.callId, "BYE"));
    await caller.next(call.callId, 200);
  };
  await end(await place());
  const both = [await place(), await place()];
  for (const call of both) await end(call);
  const used = connections.filter((c) => c.messages().some((t) => t.startsWith("INVITE ")));
  expect(used).toHaveLength(1);
  expect(caller.peer.ended).toBe(false);
});

test("a caller behind NAT: what the agent asks within the call reaches where the caller sends from, and audio too", async () => {
  shows("behaviour/22-nat");
  const caller = await half(world.lab, callerAt, 40_123, edgeAt);
  const callerMedia = await world.lab.udp(callerAt, 27_000);
  const agentMedia = await world.lab.udp(agentAt, 18_000);
  const behind = { Contact: [`Contact: <sip:caller@${inside}:5060>`] };
  const via = { Via: [`Via: SIP/2.0/UDP ${inside}:5060;branch=z9hG4bK${unique()};rport`] };
  const call = await invite(caller, agent, {
    uri: uri(0),
    instead: { ...behind, ...via },
    body: sdp(inside, 9000),
  });
  await agent.send(answers(call.got));
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  // Learned from the first packet: heuristics take a moment to be sure.
  await flows(callerMedia, ok, agentMedia);
  await expect.poll(() => flows(agentMedia, call.got, callerMedia), { timeout: 8000 }).toBe(true);
  await agent.send(back(agent, call, "INVITE", 1, sdp(agentAt, 18_000)));
  const again = await caller.next(call.callId, "INVITE");
  expect(again.split(" ")[1]).toBe(`sip:caller@${inside}:5060`);
  const contact = `sip:caller@${inside}:5060`;
  await caller.send(response(again, "200 OK", { contact, body: sdp(inside, 9000) }));
  await agent.next(call.callId, 200);
  await agent.send(back(agent, call, "ACK", 1));
  await caller.next(call.callId, "ACK");
  await agent.send(back(agent, call, "BYE", 2));
  await caller.send(response(await caller.next(call.callId, "BYE"), "200 OK"));
  await agent.next(call.callId, 200);
  await Promise.all([caller.peer.close(), callerMedia.close(), agentMedia.close()]);
}, 20_000);
