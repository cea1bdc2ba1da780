/** Peers that ring for ever, and peers whose Contact says where nobody can reach them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const [pbxAt, agentAt, otherAt] = ["203.0.113.10", "10.0.4.10", "10.0.4.11"] as const;

let lab: Lab;
let edge: Edge;
let pbx: Server;
let agent: Server;
let other: Server;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, pbxAt, agentAt, otherAt] });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        agents: { first: { uri: `sip:${agentAt}:5080` }, second: { uri: `sip:${otherAt}:5080` } },
        limits: { calls: 1 },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          inbound_routes: [
            {
              match: { to_uri: "+14155551111" },
              agent_id: "first",
              ring_timeout: 2,
              on_failure: [{ agent_id: "second" }],
            },
            { match: { to_uri: "+14155551112" }, agent_id: "first" },
          ],
        },
      },
    ],
  });
  pbx = await sipServer(lab, pbxAt, 5060, accepts());
  agent = await sipServer(lab, agentAt, 5080, accepts());
  other = await sipServer(lab, otherAt, 5080, accepts());
});
afterAll(async () => {
  for (const p of [pbx, agent, other]) await p?.close();
  await edge?.stop();
  await lab?.close();
});

/** 180 every half second until somebody gives up. */
const rings: Behaviour = async function* (turn, next) {
  if (turn.method !== "INVITE") return yield* next();
  for (let i = 0; i < 20; i++) {
    yield turn.reply("180 Ringing");
    if (!(await turn.wait(500))) return;
  }
  yield* next();
};

async function call(number: string, change: object = {}) {
  const invite = pbx.make({ callId: `${unique()}@x`, uri: `sip:${number}@${edgeAt.address}`, ...change });
  const answer = await pbx.ask(invite, 9000, edgeAt);
  const dialog = dialogOf(invite, answer);
  if (statusOf(answer) === 200) await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
  return { answer, dialog };
}

test("ringing again and again does not outlast ring_timeout", async () => {
  agent.answerWith(rings, accepts());
  const { answer, dialog } = await call("+14155551111");
  agent.answerWith(accepts());
  expect(statusOf(answer)).toBe(200);
  expect(other.requests("INVITE")).toHaveLength(1);
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 5 }), 3000, edgeAt))).toBe(200);
  expect(other.requests("BYE")).toHaveLength(1);
});

test("the agent can end the call of a PBX whose Contact is a private address", async () => {
  const before = agent.requests("INVITE").length;
  const contact = { instead: { Contact: ["Contact: <sip:pbx@192.168.1.10:5060>"] } };
  expect(statusOf((await call("+14155551112", contact)).answer)).toBe(200);
  const invite = await agent.request("INVITE", before);
  const bye = await agent.ask(agent.within(invite, "BYE"), 3000, agentsSide);
  expect(statusOf(bye)).toBe(200);
  await expect.poll(() => pbx.requests("BYE").length, soon).toBe(1);
  expect(pbx.requests("BYE")[0] ?? "").toMatch(/^BYE sip:pbx@192\.168\.1\.10:5060 SIP/);
  // Its place is free again.
  const { answer, dialog } = await call("+14155551112");
  expect(statusOf(answer)).toBe(200);
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 5 }), 3000, edgeAt))).toBe(200);
});

test("the caller can end the call of an agent whose Contact is no address of an agent", async () => {
  const elsewhere: Behaviour = async function* (_, next) {
    for await (const reply of next())
      yield reply.replace(/^Contact: [^\r]*/m, "Contact: <sip:agent@10.9.9.9:5080>");
  };
  agent.answerWith(elsewhere, accepts());
  const before = agent.requests("BYE").length;
  const { answer, dialog } = await call("+14155551112");
  expect(statusOf(answer)).toBe(200);
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 5 }), 3000, edgeAt))).toBe(200);
  expect(
    agent
      .requests("BYE")
      .slice(before)
      .map((r) => r.split("\r\n")[0]),
  ).toEqual(["BYE sip:agent@10.9.9.9:5080 SIP/2.0"]);
  agent.answerWith(accepts());
});
