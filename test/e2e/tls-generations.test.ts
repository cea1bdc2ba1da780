/** Two generations at once, with agents and callers over TLS. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { messagesOf } from "../../src/phone/message.ts";
import { type Authority, authority, type Certificate } from "../lab/certificates.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent, startCaller, type TestAgent } from "../lab/peers.ts";
import { agentsSide, draft, edgeAt, number, relaySessions, sleep, toAgent } from "./call-world.ts";

const agentHost = "10.0.4.10";
const carrierHost = "203.0.113.10";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };

let lab: Lab;
let ca: Authority;
let own: Certificate;
let agent: TestAgent;
const secure = (c: Certificate) => ({ tls: { certificateAndKey: c.both, ca: c.ca } });
const edges: Edge[] = [];

async function start(n: number): Promise<Edge> {
  const base = draft({ sarah: { uri: `sip:${agentHost}:5081;transport=tls` } }, [toAgent(1, "sarah")]) as {
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
  console.log(second.kamailio.lines.join("\n"));
  expect(next).toMatchObject({ answered: true, heardTone: true });
  expect(second.records("answered").length).toBe(1);
  await first.kamailio.stop();
  const result = await call;
  await sleep(1500);
  console.log(second.kamailio.lines.join("\n"));
  expect(result).toMatchObject({ answered: true, heardTone: true });
  expect(result.heard.ms).toBeGreaterThan(6000);
  expect(messagesOf(agent.messages(), "BYE").filter((m) => m.direction === "received").length).toBe(2);
  await expect.poll(() => relaySessions(lab), { timeout: 2000 }).toEqual([]);
  await held.stop();
}, 60_000);
