/** TCP on either side of the edge, and on one side only. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import type { Via } from "../lab/peers.ts";
import { agentsSide, dial, draft, openWorld, saw, toAgent, type World } from "./call-world.ts";

const agentHost = "10.0.4.10";

let world: World;
beforeAll(async () => {
  const agents = {
    tcp: { uri: `sip:${agentHost}:5080;transport=tcp` },
    udp: { uri: `sip:${agentHost}:5082` },
  };
  world = await openWorld(draft(agents, [toAgent(1, "tcp"), toAgent(2, "udp")]));
});
afterAll(() => world.close());

type Transport = "udp" | "tcp";

const cases: readonly [from: Via, fromBy: Transport, to: Via, toBy: Transport][] = [
  ["sipp", "tcp", "sipp", "tcp"],
  ["sipp", "tcp", "baresip", "udp"],
  ["sipp", "udp", "baresip", "tcp"],
  ["baresip", "tcp", "sipp", "udp"],
  ["baresip", "udp", "sipp", "tcp"],
  ["asterisk", "tcp", "baresip", "tcp"],
];

test.each(cases)("%s over %s to %s over %s, audio both ways", async (from, fromBy, to, toBy) => {
  shows("document/transports");
  const i = cases.findIndex((c) => c[0] === from && c[1] === fromBy && c[2] === to && c[3] === toBy);
  const agent = await world.agent({
    via: to,
    at: `${agentHost}:${toBy === "tcp" ? 5080 : 5082}`,
    transport: toBy,
    edge: agentsSide.address,
  });
  const caller = await world.caller({
    via: from,
    from: `203.0.113.10:${5060 + 2 * i}`,
    to: dial(toBy === "tcp" ? 1 : 2, fromBy),
  });
  const result = await caller.call({ talkMs: 1000, expectHz: to === "sipp" ? 700 : 1100 });
  expect(result).toMatchObject({ answered: true, code: 200, heardTone: true });
  if (to !== "sipp") expect((await agent.heard(700)).heard).toBe(true);
  const [invite = { text: "" }] = agent.invites();
  expect(invite.text).toMatch(new RegExp(`^Via: SIP/2\\.0/${toBy.toUpperCase()} 10\\.0\\.4\\.1[:;]`, "m"));
  await expect.poll(() => saw(agent.messages(), "received", "BYE"), { timeout: 2000 }).toBe(true);
  await expect.poll(() => world.sessions(), { timeout: 2000 }).toEqual([]);
});

test("an agent that hangs up reaches a caller over TCP", async () => {
  await world.agent({ via: "sipp", at: `${agentHost}:5080`, transport: "tcp", sipp: { byeAfterMs: 800 } });
  const caller = await world.caller({
    via: "baresip",
    from: "203.0.113.11:5060",
    to: dial(1, "tcp"),
  });
  const result = await caller.call({ talkMs: 2500, expectHz: 700 });
  expect(result).toMatchObject({ answered: true, heardTone: true });
  expect(saw(result.messages, "received", "BYE")).toBe(true);
  expect(saw(result.messages, "sent", "BYE")).toBe(false);
});
