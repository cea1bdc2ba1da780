/** Both sides of the edge on one address: whoever speaks over a connection that the edge opened is on the side that it was opened to. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Authority, authority } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent, type TestAgent } from "../lab/peers.ts";
import { edgeAt, number, toAgent } from "./call-world.ts";
import { dialogOf, within } from "./kit/call.ts";
import { methodOf, response, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";

const agentAt = "192.0.2.10";
const secureAgentAt = "192.0.2.11";
const carrierAt = "203.0.113.10";
const providerAt = "203.0.113.50";

let lab: Lab;
let edge: Edge;
let ca: Authority;
/** By hand over UDP: an agent that dials, and a carrier that calls. */
let agent: Party;
let carrier: Party;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentAt, carrierAt] });
  ca = await authority(lab);
  const own = await ca.issue([edgeAt.address]);
  const agents = {
    agent_sarah: { uri: `sip:${agentAt}:5080` },
    agent_marcus: { uri: `sip:${secureAgentAt}:5081;transport=tls` },
  };
  edge = await startEdge(lab, {
    network: {
      public_ip: edgeAt.address,
      rtp: [30000, 30999],
      tls: { certificate: own.certificate, private_key: own.key, ca: ca.ca },
    },
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        agents,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
          outbound: { uri: `sip:${providerAt}:5061;transport=tls`, allowed_destinations: ["+1"] },
          inbound_routes: [toAgent(1, "agent_marcus")],
        },
      },
    ],
  });
  agent = await party(lab, agentAt, 5080, { address: edgeAt.address, port: 5080 });
  carrier = await party(lab, carrierAt, 5060, edgeAt);
}, 120_000);
afterAll(async () => {
  await edge?.stop();
  await lab?.close();
});

/** Answers, and hangs up half a second later over the connection on which it was called. */
async function hangsUp(address: string, port: number): Promise<TestAgent> {
  const certificate = await ca.issue([address]);
  const made = await startAgent(lab, {
    via: "sipp",
    at: `${address}:${port}`,
    transport: "tls",
    certificate,
    sipp: { byeAfterMs: 500 },
  });
  onTestFinished(() => made.stop());
  return made;
}

test.each([
  ["a carrier", providerAt, 5061],
  ["an agent", secureAgentAt, 5081],
] as const)(
  "%s hangs up over the edge's own connection",
  async (who, address, port) => {
    await hangsUp(address, port);
    const caller = who === "a carrier" ? agent : carrier;
    const uri =
      who === "a carrier" ? `sip:+14155550123@${edgeAt.address}:5080` : `sip:${number(1)}@${edgeAt.address}`;
    const invite = caller.make({ uri, callId: unique("shared") });
    const answer = await caller.ask(invite, 8000);
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await caller.send(within(caller, dialog, "ACK"));
    const bye = await caller.peer.receive(
      3000,
      (d) => methodOf(d.text) === "BYE" && headerValues(d.text, "Call-ID")[0] === dialog.callId,
    );
    await caller.send(response(bye.text, "200 OK"), bye);
    await expect
      .poll(() => edge.records("ended"), soon)
      .toMatchObject([
        ...(who === "a carrier" ? [] : [{}]),
        { by: who === "a carrier" ? "carrier" : "agent" },
      ]);
  },
  20_000,
);
