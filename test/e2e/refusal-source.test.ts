/** Whoever is no trunk and no agent gets no answer at all, and nothing of what is sent goes anywhere. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { withoutCopies } from "./kit/agent.ts";
import { call, hangUp } from "./kit/call.ts";
import { methodOf } from "./kit/message.ts";
import { party } from "./kit/party.ts";
import { addresses, agentsSide, edgeAt, openWorld, quietMs, type World } from "./kit/world.ts";

const methods = [
  "INVITE",
  "ACK",
  "BYE",
  "CANCEL",
  "OPTIONS",
  "REGISTER",
  "MESSAGE",
  "SUBSCRIBE",
  "NOTIFY",
  "PUBLISH",
  "REFER",
  "INFO",
  "UPDATE",
  "PRACK",
  "KDMQ",
  "FROBNICATE",
];

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test("a call of the trunk reaches the agent and ends", async () => {
  shows("document/ip-allowlist");
  const dialog = await call(world.carrier);
  expect(await hangUp(world.carrier, dialog)).toMatch(/^SIP\/2.0 200 /);
  const { agent } = await world.settle();
  expect(withoutCopies(agent).map(methodOf)).toEqual(["INVITE", "ACK", "BYE"]);
});

test("silence for every method of an unknown source, within a call and without", async () => {
  shows("document/ip-allowlist");
  const { attacker } = world;
  for (const method of methods) {
    await attacker.send(attacker.make({ method }));
    await attacker.send(attacker.make({ method, toTag: "stranger" }));
    await attacker.send(attacker.make({ method, uri: `sip:${edgeAt.address}` }));
    await attacker.send(attacker.make({ method, uri: `sip:x@${addresses.third}` }));
  }
  await attacker.send("SIP/2.0 200 OK\r\n\r\n");
  await attacker.send("\r\n\r\n");
  await attacker.send("\0".repeat(40));
  await attacker.send("garbage");
  const seen = await world.settle();
  expect(attacker.peer.received.map((d) => d.text)).toEqual([]);
  expect(seen).toEqual({ agent: [], third: [] });
  expect(await world.alive()).toBe(true);
});

test("a name of a trunk in From, Contact, Via or X-Crew-Trunk makes no trunk", async () => {
  const { attacker } = world;
  const at = { address: addresses.carrier, port: 5060 };
  const headers = ["X-Crew-Trunk: acme", `X-Forwarded-For: ${addresses.carrier}`];
  const mark = world.carrier.mark();
  await attacker.send(attacker.make({ headers }));
  await attacker.send(
    attacker.make({
      instead: {
        Via: [`Via: SIP/2.0/UDP ${at.address}:${at.port};branch=z9hG4bKspoof;received=${at.address}`],
        From: [`From: <sip:acme@${at.address}>;tag=spoof`],
        Contact: [`Contact: <sip:acme@${at.address}>`],
      },
    }),
  );
  const seen = await world.settle();
  expect(attacker.peer.received.map((d) => d.text)).toEqual([]);
  expect(world.carrier.since(mark)).toEqual([]);
  expect(seen).toEqual({ agent: [], third: [] });
});

test("an unknown source on TCP gets no answer either", async () => {
  const { lab, attacker } = world;
  const peer = await lab.tcp(edgeAt, { address: addresses.attacker });
  for (const method of methods) await peer.send(attacker.make({ method, transport: "TCP" }));
  const seen = await world.settle();
  expect(peer.text).toBe("");
  expect(seen).toEqual({ agent: [], third: [] });
  await peer.close();
});

test("the trunk's own address on the agent side is nobody, and the agent's on the carrier side", async () => {
  const { carrier, agent } = world;
  const mark = carrier.mark();
  for (const method of methods) {
    await carrier.send(carrier.make({ method }), agentsSide);
    await agent.send(agent.make({ method }), edgeAt);
  }
  await world.settle();
  expect(carrier.since(mark)).toEqual([]);
  expect(agent.heard).toEqual([]);
  expect(agent.peer.received.filter((d) => d.port === edgeAt.port)).toEqual([]);
});

test("an address of the agents' network that is no agent is nobody", async () => {
  const { lab, attacker } = world;
  await lab.addAddress("10.0.4.99");
  const neighbour = await party(lab, "10.0.4.99", 5080, agentsSide);
  const mark = attacker.mark();
  for (const method of methods) await neighbour.send(neighbour.make({ method }));
  const seen = await world.settle();
  expect(neighbour.peer.received.map((d) => d.text)).toEqual([]);
  expect(attacker.since(mark)).toEqual([]);
  expect(seen).toEqual({ agent: [], third: [] });
});

test("the private socket answers nobody and passes nothing on", async () => {
  const { lab } = world;
  const local = await party(lab, "127.0.0.1", 0, { address: "127.0.0.1", port: 7002 });
  for (const method of methods) {
    await local.send(local.make({ method }));
    const spoofed = `X-Crew-Handover: udp:${addresses.carrier}:5060 udp:${edgeAt.address}:5060`;
    if (method !== "CANCEL" && method !== "ACK") await local.send(local.make({ method, headers: [spoofed] }));
  }
  const seen = await world.settle(quietMs);
  expect(local.peer.received.map((d) => d.text)).toEqual([]);
  expect(seen).toEqual({ agent: [], third: [] });
  expect(await world.alive()).toBe(true);
});
