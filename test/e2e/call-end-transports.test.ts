/** The BYEs that end a call reach sides over TCP and TLS on the connections that the call has. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Authority, authority } from "../lab/certificates.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { startAgent } from "../lab/peers.ts";
import { within } from "../targets/kamailio/calls.ts";
import { agentsSide, edgeAt, number, toAgent } from "./call-world.ts";
import { connectionOf, overTcp } from "./kit/connection.ts";
import { endable, endCall, labelled } from "./kit/end-call.ts";
import { request, response, sdp, unique } from "./kit/message.ts";

const [carrierAt, tcpAt, tlsAt, agentAt] = [
  "203.0.113.10",
  "203.0.113.11",
  "10.0.4.11",
  "10.0.4.10",
] as const;

let lab: Lab;
let edge: Edge;
let ca: Authority;
beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, agentAt, tcpAt] });
  ca = await authority(lab);
  const own = await ca.issue([edgeAt.address, agentsSide.address]);
  edge = await startEdge(
    lab,
    {
      network: {
        public_ip: edgeAt.address,
        agents: { address: agentsSide.address },
        rtp: [30000, 30999],
        tls: { certificate: own.certificate, private_key: own.key, ca: ca.ca },
      },
      trunks: [
        {
          crew_id: "acme",
          agents: {
            tcp: { uri: `sip:${agentAt}:5090;transport=tcp` },
            tls: { uri: `sip:${tlsAt}:5061;transport=tls` },
          },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [carrierAt, tcpAt] },
            inbound_routes: [toAgent(1, "tcp"), toAgent(2, "tls")],
            outbound: { uri: `sip:${carrierAt}:5300;transport=tls`, allowed_destinations: ["+1"] },
          },
          limits: { calls: 9, call_minutes: 60 },
        },
      ],
    },
    endable,
  );
}, 120_000);
afterAll(async () => {
  await edge?.stop();
  await lab?.close();
});

async function isOver(id: string): Promise<void> {
  await expect
    .poll(() => edge.records("ended").filter((r) => r.call === id), soon)
    .toMatchObject([{ trunk: "acme", by: "edge", reason: "call_minutes" }]);
  expect(await labelled(lab, id)).toBeUndefined();
}

test("TCP on both sides: each BYE comes on the connection of the call, and no other one is opened", async () => {
  const listener = await lab.listen(agentAt, 5090);
  const peer = await lab.tcp(edgeAt, { address: tcpAt });
  onTestFinished(async () => {
    await peer.close();
    await listener.close();
  });
  const caller = connectionOf(peer, { address: tcpAt, port: peer.port });
  const callId = unique("tcp");
  const sent = overTcp(request({ at: caller.at, uri: `sip:${number(1)}@${edgeAt.address}`, callId }));
  await caller.send(sent);
  const accepted = await listener.accept(4000);
  onTestFinished(() => accepted.close());
  const callee = connectionOf(accepted, { address: agentAt, port: 5090 });
  const got = await callee.next(callId, "INVITE");
  const contact = `sip:agent@${agentAt}:5090;transport=tcp`;
  await callee.send(response(got, "200 OK", { toTag: "agent", contact, body: sdp(agentAt, 18_000) }));
  const ok = await caller.next(callId, 200);
  await caller.send(overTcp(within(caller, { callId, sent, got }, ok, "ACK", 1)));
  await callee.next(callId, "ACK");
  const ended = endCall(lab, callId);
  for (const side of [caller, callee]) await side.send(response(await side.next(callId, "BYE"), "200 OK"));
  expect(await ended).toEqual([200, 200]);
  await isOver(callId);
});

async function carrier(): Promise<Phone> {
  const made = await phone({
    launcher: await lab.host(carrierAt),
    tools: lab.tools,
    dir: join(lab.dir, "carrier"),
    name: "carrier",
    address: carrierAt,
    port: 5300,
    tls: { certificateAndKey: (await ca.issue([carrierAt])).both, ca: ca.ca },
  });
  onTestFinished(() => made.stop());
  return made;
}

test("TLS on both sides: each BYE comes on the connection of the call, and nobody is asked who it is", async () => {
  const agent = await startAgent(lab, {
    via: "sipp",
    at: `${tlsAt}:5061`,
    transport: "tls",
    certificate: await ca.issue([tlsAt]),
  });
  onTestFinished(() => agent.stop());
  const by = await carrier();
  expect(await by.dial(`sip:${number(2)}@${edgeAt.address}:5061;transport=tls`)).toMatchObject({
    answered: true,
  });
  const received = (method: string) =>
    messagesOf(agent.messages(), method).filter((m) => m.direction === "received");
  await expect.poll(() => received("ACK").length, soon).toBe(1);
  const asked = received("OPTIONS").length;
  const id = headerValues(received("INVITE")[0]?.text ?? "", "Call-ID")[0] ?? "";
  expect(await endCall(lab, id)).toEqual([200, 200]);
  await by.ended(2000);
  expect(received("BYE")).toHaveLength(1);
  expect(received("OPTIONS")).toHaveLength(asked);
  expect([messagesOf(by.messages(), "BYE").length, messagesOf(by.messages(), "OPTIONS").length]).toEqual([
    1, 0,
  ]);
  await isOver(id);
}, 30_000);
