/** Programs that write the parameters of Via in an order of their own, as Asterisk does, are understood on both sides. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { statusOf } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const providerAt = "203.0.113.50";
const pbxAt = "203.0.113.10";
const agentAt = "10.0.4.10";
const callerAt = "10.0.4.11";

/** `rport` and `received` before `branch` in every Via. */
const reorders: Behaviour = async function* (_, next) {
  for await (const reply of next())
    yield reply.replaceAll(/;(branch=[^;\r]*);(received=[^;\r]*);(rport=\d+)/g, ";$3;$2;$1");
};

let lab: Lab;
let edge: Edge;
let provider: Server;
let agent: Server;
let pbx: Party;
let caller: Party;

beforeAll(async () => {
  lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address, providerAt, pbxAt, agentAt, callerAt],
  });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        agents: {
          agent_sarah: { uri: `sip:${agentAt}:5080` },
          agent_marcus: { uri: `sip:${callerAt}:5080` },
        },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          outbound: { uri: `sip:${providerAt}` },
          inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
        },
      },
    ],
  });
  provider = await sipServer(lab, providerAt, 5060, reorders, accepts());
  agent = await sipServer(lab, agentAt, 5080, reorders, accepts());
  pbx = await party(lab, pbxAt, 5060, edgeAt);
  caller = await party(lab, callerAt, 5080, agentsSide);
});
afterAll(async () => {
  await provider?.close();
  await agent?.close();
  await edge?.stop();
  await lab?.close();
});

test.each([
  ["an agent's answer", () => pbx, `sip:main@${edgeAt.address}`],
  ["a carrier's answer", () => caller, `sip:+14155550123@${agentsSide.address}:5080`],
])("%s reaches the caller with the caller's own Via", async (_, from, uri) => {
  const answer = await from().ask(from().make({ uri, from: "+14155550100" }));
  expect(statusOf(answer)).toBe(200);
  const vias = headerValues(answer, "Via");
  expect(vias).toHaveLength(1);
  expect(vias[0]).toContain(`${from().at.address}:${from().at.port};`);
});
