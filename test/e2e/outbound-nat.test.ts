/** Calls to a carrier behind NAT: its media is where its signalling comes from, whatever its SDP says. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, hangUp, within } from "./kit/call.ts";
import { bodyOf, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const carrierAt = "203.0.113.50";
const mediaPort = 18_000;

let lab: Lab;
let edge: Edge;
let agent: Party;
let carrier: Server;

/** Answers with an address that is its own only behind its NAT. */
const behindNat: Behaviour = (turn, next) =>
  turn.method === "INVITE" ? [turn.reply("200 OK", { body: sdp("192.168.77.9", mediaPort) })] : next();

beforeAll(async () => {
  lab = await openLab({ addresses: ["198.51.100.7", agentsSide.address, agentAt, carrierAt] });
  edge = await startEdge(lab, {
    network: { public_ip: "198.51.100.7", agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        agents: { sarah: { uri: `sip:${agentAt}:5080` } },
        sip: { nat: true, outbound: { uri: `sip:${carrierAt}:5060`, allowed_destinations: ["+1"] } },
      },
    ],
  });
  agent = await party(lab, agentAt, 5080, agentsSide);
  carrier = await sipServer(lab, carrierAt, 5060, behindNat, accepts());
});
afterAll(async () => {
  await carrier?.close();
  await edge?.stop();
  await lab?.close();
});

test("what the agent says reaches the address that the answer came from", async () => {
  shows("document/nat", "behaviour/22-nat");
  const invite = agent.make({ uri: `sip:+14155550123@${agentsSide.address}:5080`, callId: unique("nat") });
  const answer = await agent.ask(invite);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  const relay = { address: agentsSide.address, port: Number(/m=audio (\d+)/.exec(bodyOf(answer))?.[1]) };
  const mouth = await lab.udp(agentAt, 17_000);
  const ear = await lab.udp(carrierAt, mediaPort);
  // A packet of PCMU (RFC 3550).
  const packet = Buffer.concat([Buffer.from("8000000100000000deadbeef", "hex"), Buffer.alloc(160, 0x55)]);
  const heard = ear.receive(3000);
  for (let i = 0; i < 5; i++) await mouth.send(packet, relay);
  const { address, data } = await heard;
  expect([address, data.length]).toEqual(["198.51.100.7", packet.length]);
  expect(statusOf(await hangUp(agent, dialog))).toBe(200);
});
