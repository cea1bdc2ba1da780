/** An edge behind a 1:1 NAT: peers learn its outer address alone, and both kinds of calls have their media. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { sdp, statusOf, unique } from "./kit/message.ts";
import { audioOf, flows } from "./kit/rtp.ts";
import { type Server, sipServer } from "./kit/server.ts";

const outer = "198.51.100.7";
const inner = "192.168.50.7";
const pbxAt = "203.0.113.10";
const agentAt = "10.0.4.10";
// The router passes what is for the outer address on to the inner one: so it arrives here.
const carrierSide = { address: inner, port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;

let lab: Lab;
let edge: Edge;
let pbx: Server;
let agent: Server;
let pbxMedia: UdpPeer;
let agentMedia: UdpPeer;
beforeAll(async () => {
  lab = await openLab({ addresses: [inner, agentsSide.address, pbxAt, agentAt] });
  edge = await startEdge(lab, {
    network: {
      public_ip: outer,
      bind_ip: inner,
      agents: { address: agentsSide.address },
      rtp: [30000, 30999],
    },
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        agents: { sarah: { uri: `sip:${agentAt}:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
          outbound: { uri: `sip:${pbxAt}`, allowed_destinations: ["+1"], caller_id: "+14155551234" },
        },
      },
    ],
  });
  pbx = await sipServer(lab, pbxAt, 5060, accepts({ mediaPort: 17000 }));
  agent = await sipServer(lab, agentAt, 5080, accepts({ mediaPort: 18000 }));
  pbxMedia = await lab.udp(pbxAt, 17000);
  agentMedia = await lab.udp(agentAt, 18000);
}, 300_000);
afterAll(async () => {
  for (const party of [pbx, agent]) await party?.close();
  await edge?.stop();
  await lab?.close();
});

/** What an SDP says, from where the router has sent it on. */
const inside = (told: string): string => told.replaceAll(outer, inner);
const bothHear = async (atPbx: string, atAgent: string): Promise<void> => {
  expect(await flows(pbxMedia, inside(atPbx), agentMedia)).toBe(true);
  expect(await flows(agentMedia, atAgent, pbxMedia)).toBe(true);
};

test("calls in and out, with a change by the callee: nobody learns the inner address", async () => {
  shows("document/nat");
  const invite = pbx.make({
    uri: `sip:+14155551111@${outer}`,
    callId: unique("in"),
    body: sdp(pbxAt, 17000),
  });
  const answer = await pbx.ask(invite, 5000, carrierSide);
  expect(statusOf(answer)).toBe(200);
  expect(audioOf(answer).address).toBe(outer);
  const dialog = dialogOf(invite, answer);
  expect(dialog.target).toContain(`sip:${outer}:5060`);
  await pbx.send(within(pbx, dialog, "ACK"), carrierSide);
  await agent.request("ACK");
  const atAgent = await agent.request("INVITE");
  expect(audioOf(atAgent).address).toBe(agentsSide.address);
  await bothHear(answer, atAgent);
  const change = agent.within(atAgent, "INVITE", { body: sdp(agentAt, 18000) });
  expect(statusOf(await agent.ask(change, 5000, agentsSide))).toBe(200);
  await agent.send(agent.within(atAgent, "ACK"), agentsSide);
  expect(audioOf(await pbx.request("INVITE")).address).toBe(outer);
  await pbx.request("ACK");
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE"), 3000, carrierSide))).toBe(200);

  const out = agent.make({
    uri: `sip:+14155550123@${agentsSide.address}:5080`,
    callId: unique("out"),
    body: sdp(agentAt, 18000),
  });
  const answered = await agent.ask(out, 5000, agentsSide);
  expect(statusOf(answered)).toBe(200);
  const called = dialogOf(out, answered);
  await agent.send(within(agent, called, "ACK"), agentsSide);
  const atPbx = await pbx.request("INVITE", 1);
  expect(audioOf(atPbx).address).toBe(outer);
  expect(atPbx).toMatch(new RegExp(`^Via: SIP/2.0/UDP ${outer}`, "m"));
  await bothHear(atPbx, answered);
  expect(statusOf(await agent.ask(within(agent, called, "BYE"), 3000, agentsSide))).toBe(200);

  for (const text of [answer, ...pbx.requests(), ...agent.requests(), answered])
    expect(text).not.toContain(inner);
}, 60_000);
