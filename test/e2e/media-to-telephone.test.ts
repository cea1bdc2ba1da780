/** A PBX whose media is learned takes itself out of the media: its telephone is heard, whatever the PBX itself still sends. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import type { UdpPeer } from "../lab/sockets.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { sdp, statusOf, unique } from "./kit/message.ts";
import { flows } from "./kit/rtp.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const pbxAt = "203.0.113.10";
const telephoneAt = "203.0.113.20";
const agentAt = "10.0.4.10";

let lab: Lab;
let edge: Edge;
let pbx: Server;
let agent: Server;
let pbxMedia: UdpPeer;
let telephoneMedia: UdpPeer;
let agentMedia: UdpPeer;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, "10.0.4.1", pbxAt, telephoneAt, agentAt] });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt.address, agents: { address: "10.0.4.1" }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "office",
        agents: { sarah: { uri: `sip:${agentAt}:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          nat: true,
          inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
        },
      },
    ],
  });
  pbx = await sipServer(lab, pbxAt, 5060, accepts());
  agent = await sipServer(lab, agentAt, 5080, accepts({ mediaPort: 18000 }));
  pbxMedia = await lab.udp(pbxAt, 17000);
  telephoneMedia = await lab.udp(telephoneAt, 19000);
  agentMedia = await lab.udp(agentAt, 18000);
}, 300_000);
afterAll(async () => {
  for (const party of [pbx, agent]) await party?.close();
  await edge?.stop();
  await lab?.close();
});

test("a packet of the PBX behind its re-INVITE is not learned again", async () => {
  const uri = `sip:+14155551111@${edgeAt.address}`;
  const invite = pbx.make({ uri, callId: unique("moved"), body: sdp(pbxAt, 17000) });
  const answer = await pbx.ask(invite, 5000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await pbx.send(within(pbx, dialog, "ACK"), edgeAt);
  expect(await flows(pbxMedia, answer, agentMedia)).toBe(true);

  const moves = within(pbx, dialog, "INVITE", { cseq: 2, body: sdp(telephoneAt, 19000) });
  const moved = await pbx.ask(moves, 5000, edgeAt);
  expect(statusOf(moved)).toBe(200);
  await pbx.send(within(pbx, dialog, "ACK", { cseq: 2 }), edgeAt);
  await flows(pbxMedia, moved, agentMedia);
  await expect.poll(() => flows(telephoneMedia, moved, agentMedia), { timeout: 6000 }).toBe(true);
  const atAgent = await agent.request("INVITE", 1);
  expect(await flows(agentMedia, atAgent, telephoneMedia)).toBe(true);
  expect(statusOf(await pbx.ask(within(pbx, dialog, "BYE", { cseq: 3 }), 3000, edgeAt))).toBe(200);
}, 30_000);
