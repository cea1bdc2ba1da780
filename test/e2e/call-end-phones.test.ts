/** Programs that others wrote take the BYE of the edge for the end of their call: Asterisk and baresip. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Asterisk, startAsterisk } from "../lab/asterisk.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { endable, endCall } from "./kit/end-call.ts";

const [edgeAt, agentsSide, pbxAt, agentAt] = [
  "198.51.100.7",
  "10.0.4.1",
  "203.0.113.10",
  "10.0.4.10",
] as const;
const number = "+14155551111";

let lab: Lab;
let edge: Edge;
let pbx: Asterisk;
let agent: Phone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide] });
  const trunks = { edge: { address: edgeAt } };
  pbx = await startAsterisk(lab, "pbx", { address: pbxAt, trunks }, await lab.host(pbxAt));
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { sarah: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
            inbound_routes: [{ match: { to_uri: number }, agent_id: "sarah" }],
            outbound: { uri: `sip:${pbxAt}`, allowed_destinations: ["+1"], caller_id: number },
          },
          limits: { call_minutes: 60 },
        },
      ],
    },
    endable,
  );
  const place = { launcher: await lab.host(agentAt), tools: lab.tools, address: agentAt, port: 5080 };
  agent = await phone({
    ...place,
    dir: join(lab.dir, "agent"),
    name: "agent",
    user: "sarah",
    domain: agentsSide,
    outbound: `sip:${agentsSide}:5080`,
  });
}, 300_000);
afterAll(async () => {
  await agent?.stop();
  await pbx?.stop();
  await edge?.stop();
  await lab?.close();
});

/** The Call-ID that the callee's side and the relay know. */
const idOf = (text: string): string => headerValues(text, "Call-ID")[0] ?? "";
const ended = (id: string) => edge.records("ended").filter((r) => r.call === id);

test("a call from Asterisk to baresip", async () => {
  const placed = pbx.call({ trunk: "edge", to: number, talkMs: 20_000 });
  await agent.incoming(8000);
  await expect.poll(() => messagesOf(agent.messages(), "ACK").length, soon).toBe(1);
  const id = idOf(messagesOf(agent.messages(), "INVITE").at(-1)?.text ?? "");
  expect(await endCall(lab, id)).toEqual([200, 200]);
  await agent.ended(3000);
  // Long before it would have hung up by itself.
  expect(await placed).toMatchObject({ answered: true });
  expect(messagesOf(pbx.messages(), "BYE").map((m) => m.direction)).toEqual(["received"]);
  expect(messagesOf(agent.messages(), "BYE").map((m) => m.direction)).toEqual(["received"]);
  await expect.poll(() => ended(id), soon).toMatchObject([{ by: "edge", reason: "call_minutes" }]);
});

test("a call from baresip to Asterisk, after holding and resuming", async () => {
  expect(await agent.dial(`sip:+14155550177@${agentsSide}:5080`)).toMatchObject({ answered: true });
  await pbx.incoming(3000);
  const again = (n: number) =>
    expect.poll(() => messagesOf(agent.messages(), "ACK").length, soon).toBeGreaterThanOrEqual(n);
  const before = messagesOf(agent.messages(), "ACK").length;
  agent.hold();
  await again(before + 1);
  agent.resume();
  await again(before + 2);
  const id = idOf(messagesOf(pbx.messages(), "INVITE").at(-1)?.text ?? "");
  expect(await endCall(lab, id)).toEqual([200, 200]);
  await agent.ended(3000);
  await expect.poll(() => ended(id), soon).toMatchObject([{ by: "edge", reason: "call_minutes" }]);
});
