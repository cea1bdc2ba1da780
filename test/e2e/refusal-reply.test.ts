/** Replies to nothing that the edge sent go nowhere. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { addresses, agentsSide, edgeAt, openWorld, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const carrierVia = `Via: SIP/2.0/UDP ${edgeAt.address}:5060;branch=z9hG4bKaaaa.1`;
const agentsVia = `Via: SIP/2.0/UDP ${agentsSide.address}:5080;branch=z9hG4bKbbbb.1`;
const thirdVia = `Via: SIP/2.0/UDP ${addresses.third}:5060;branch=z9hG4bKcccc;received=${addresses.third};rport=5060`;
const agentVia = `Via: SIP/2.0/UDP ${addresses.agent}:5080;branch=z9hG4bKdddd;rport=5080`;

const vias: Readonly<Record<string, readonly string[]>> = {
  none: [],
  ours: [carrierVia],
  "the agent side's": [agentsVia],
  "not ours": [thirdVia],
  "ours, then a third party's": [carrierVia, thirdVia],
  "the agent side's, then a third party's": [agentsVia, thirdVia],
  "ours, then the agent's": [carrierVia, agentVia],
  "a third party's, then ours": [thirdVia, carrierVia],
  "ours, a third party's, the agent's": [carrierVia, thirdVia, agentVia],
  "in one header": [`${carrierVia}, ${thirdVia.slice(5)}, ${agentVia.slice(5)}`],
  "ours twice, then a third party's": [carrierVia, agentsVia, thirdVia],
  compact: [carrierVia.replace("Via", "v"), thirdVia.replace("Via", "v")],
  "a mask of the topology hiding": [
    `Via: SIP/2.0/UDP 127.0.0.8;branch=z9hG4bKsr-aGVsbG8tdGhlcmUtdGhpcy1pcy1ub3RoaW5n`,
    thirdVia,
  ],
  "broadcast and multicast": [
    carrierVia,
    "Via: SIP/2.0/UDP 255.255.255.255:5060;branch=z9hG4bKee;received=255.255.255.255",
    "Via: SIP/2.0/UDP 224.0.1.75:5060;branch=z9hG4bKff",
  ],
};

const stray = (status: string, lines: readonly string[], method: string): string =>
  [
    `SIP/2.0 ${status}`,
    ...lines,
    "From: <sip:crew@10.0.4.1>;tag=x",
    "To: <sip:10.0.4.10:5080>;tag=y",
    "Call-ID: stray",
    `CSeq: 10 ${method}`,
    `Contact: <sip:x@${addresses.third}>`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

test.each(Object.keys(vias))("Via %s: dropped", async (name) => {
  const { carrier, attacker, agent, third } = world;
  await world.settle(0);
  const marks = [carrier, attacker, third].map((p) => p.mark());
  const atAgent = agent.mark();
  for (const status of [
    "100 Trying",
    "180 Ringing",
    "200 OK",
    "302 Moved",
    "407 Proxy",
    "408 Timeout",
    "603 No",
  ]) {
    for (const method of ["INVITE", "OPTIONS", "BYE", "CANCEL"]) {
      const text = stray(status, vias[name] ?? [], method);
      await carrier.send(text);
      await attacker.send(text);
      await attacker.send(text, agentsSide);
      await agent.send(text);
    }
  }
  const seen = await world.settle(100);
  expect(seen).toEqual({ agent: [], third: [] });
  expect([carrier, attacker, third].map((p, i) => p.since(marks[i] ?? 0))).toEqual([[], [], []]);
  // Nothing but the edge's own questions.
  expect(agent.since(atAgent).filter((t) => !t.startsWith("OPTIONS "))).toEqual([]);
});

test("nothing of it has left the edge for anywhere, and it still carries calls", async () => {
  expect(await world.alive()).toBe(true);
});

test("a stray reply to the private socket goes nowhere", async () => {
  const { lab } = world;
  const local = await lab.udp("127.0.0.1");
  for (const lines of Object.values(vias)) {
    await local.send(stray("200 OK", lines, "INVITE"), { address: "127.0.0.1", port: 7002 });
  }
  expect(await world.settle()).toEqual({ agent: [], third: [] });
  expect(local.received).toEqual([]);
});
