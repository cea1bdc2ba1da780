/** Two generations at once, with agents and callers over TLS. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { messagesOf } from "../../src/phone/message.ts";
import { type Authority, authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent, startCaller, type TestAgent } from "../lab/peers.ts";
import { agentsSide, draft, edgeAt, number, relaySessions, sleep, toAgent } from "./call-world.ts";

const agentHost = "10.0.4.10";
const otherHost = "10.0.4.11";
const carrierHost = "203.0.113.10";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };

let lab: Lab;
let ca: Authority;
let own: Certificate;
let agent: TestAgent;
const secure = (c: Certificate) => ({ tls: { certificateAndKey: c.both, ca: c.ca } });
const edges: Edge[] = [];

async function start(n: number): Promise<Edge> {
  const base = draft(
    {
      sarah: { uri: `sip:${agentHost}:5081;transport=tls` },
      marcus: { uri: `sip:${otherHost}:5081;transport=tls` },
    },
    [toAgent(1, "sarah"), toAgent(2, "marcus")],
  ) as {
    network: object;
  };
  const tls = { certificate: own.certificate, private_key: own.key, ca: ca.ca };
  const edge = await startEdge(
    lab,
    { ...base, network: { ...base.network, tls } },
    {
      name: `generation-${n}`,
      generation: n,
      handoverPort: 7100 + n,
      keys,
      relay: n === 1,
      ...(n === 1 ? {} : { predecessorPort: 7100 + n - 1 }),
    },
  );
  edges.push(edge);
  return edge;
}

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  ca = await authority(lab);
  own = await ca.issue([edgeAt.address, agentsSide.address]);
  agent = await startAgent(lab, {
    via: "baresip",
    at: `${agentHost}:5080`,
    baresip: secure(await ca.issue([agentHost])),
  });
}, 120_000);
afterAll(() => lab.close());

test("a call goes on when the generation that set it up has gone, and the next one has its own connections", async () => {
  const first = await start(1);
  const held = await startCaller(lab, {
    via: "baresip",
    from: `${carrierHost}:5060`,
    to: `sip:${number(1)}@${edgeAt.address}:5061;transport=tls`,
    baresip: secure(await ca.issue([carrierHost])),
  });
  const call = held.call({ talkMs: 7000, expectHz: 1100 });
  await expect.poll(() => first.records("answered").length, { timeout: 5000 }).toBe(1);
  const second = await start(2);
  const plain = await startCaller(lab, {
    via: "sipp",
    from: "203.0.113.20:5060",
    to: `sip:${number(1)}@${edgeAt.address}:5060`,
  });
  const next = await plain.call({ talkMs: 1000, expectHz: 1100 });
  expect(next).toMatchObject({ answered: true, heardTone: true });
  expect(second.records("answered").length).toBe(1);
  await first.kamailio.stop();
  const result = await call;
  await sleep(1500);
  expect(result).toMatchObject({ answered: true, heardTone: true });
  expect(result.heard.ms).toBeGreaterThan(6000);
  expect(messagesOf(agent.messages(), "BYE").filter((m) => m.direction === "received").length).toBe(2);
  await expect.poll(() => relaySessions(lab), { timeout: 2000 }).toEqual([]);
  await held.stop();
}, 60_000);

/** A call over UDP that generation `n` sets up, and that ends after `talkMs` when that one has gone. */
async function orphaned(n: number, to: number, talkMs: number) {
  const last = edges.at(-1);
  const caller = await startCaller(lab, {
    via: "sipp",
    from: `203.0.113.30:${5060 + 2 * n}`,
    to: `sip:${number(to)}@${edgeAt.address}:5060`,
  });
  const before = last?.records("answered").length ?? 0;
  const call = caller.call({ talkMs, expectHz: to === 1 ? 1100 : 700 });
  await expect.poll(() => last?.records("answered").length, { timeout: 5000 }).toBe(before + 1);
  await last?.kamailio.stop();
  return { call, next: await start(n) };
}

test("a generation that has no connection yet asks who is there, and sends the BYE then", async () => {
  const before = agent.messages().length;
  const { call, next } = await orphaned(3, 1, 3000);
  expect(await call).toMatchObject({ answered: true, heardTone: true });
  expect(next.records("ended").length).toBe(1);
  const asked = (): string[] =>
    agent
      .messages()
      .slice(before)
      .map((m) => m.text.split(" ")[0] ?? "")
      .filter((m) => m !== "SIP/2.0");
  await expect.poll(() => asked().slice(-2)).toEqual(["OPTIONS", "BYE"]);
}, 30_000);

test("nothing of a call goes to who has taken the agent's place with a certificate for another name", async () => {
  const real = await ca.issue([otherHost]);
  const marcus = { via: "sipp", at: `${otherHost}:5081`, transport: "tls" } as const;
  const gone = await startAgent(lab, { ...marcus, certificate: real });
  const { call, next } = await orphaned(4, 2, 4000);
  await gone.stop();
  const impostor = await startAgent(lab, {
    via: "baresip",
    at: `${otherHost}:5080`,
    baresip: secure(await ca.issue(["other.example.com"])),
  });
  await call;
  await expect.poll(() => next.records("certificate").length, { timeout: 5000 }).toBeGreaterThan(0);
  const traced = impostor.messages().map((m) => m.text.split(" ")[0]);
  expect([...new Set(traced)].sort()).toEqual(["OPTIONS", "SIP/2.0"]);
  await impostor.stop();
}, 30_000);
