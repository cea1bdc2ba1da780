/** Two generations at once over IPv6: what belongs to the older one reaches it, from and to the addresses that it knows. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";
import { headerValues } from "../../src/phone/message.ts";
import { startModel } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { back, type Half, half, type Invited, invite, same, within } from "../targets/kamailio/calls.ts";
import { number } from "./call-world.ts";
import { response, sdp } from "./kit/message.ts";
import { audioOf } from "./kit/rtp.ts";

const edge = "2001:db8:7::7";
const carrierAt = "2001:db8:c::10";
const inside = "fd00:4::1";
const agentAt = "fd00:4::10";
const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };

let lab: Lab;
let caller: Half;
let agent: Half;
const generation = async (n: number): Promise<void> => {
  const parsed = parseConfig({
    network: { public_ip: edge, agents: { address: inside }, rtp: [30000, 30999] },
    trunks: [
      {
        crew_id: "acme",
        agents: { hand: { uri: `sip:[${agentAt}]:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [carrierAt] },
          inbound_routes: [{ match: { to_uri: number(0) }, agent_id: "hand" }],
        },
      },
    ],
  });
  if (parsed.value === undefined) throw new Error(parsed.diagnostics.map((d) => d.message).join("\n"));
  const before = n === 1 ? {} : { predecessorPort: 7100 };
  const own = { name: `g${n}`, generation: n, handoverPort: 7099 + n, relay: n === 1, keys };
  await startModel(lab, parsed.value, { ...own, ...before });
};
beforeAll(async () => {
  lab = await openLab({ addresses: [edge, carrierAt, inside, agentAt] });
  caller = await half(lab, carrierAt, 5060, { address: edge, port: 5060 });
  agent = await half(lab, agentAt, 5080, { address: inside, port: 5080 });
  await generation(1);
});
afterAll(() => lab?.close());

const contact = `sip:agent@[${agentAt}]:5080`;

test("an answer, a CANCEL and a refusal", async () => {
  const ringing = async (): Promise<Invited> => {
    const call = await invite(caller, agent, { uri: `sip:${number(0)}@[${edge}]`, body: sdp(carrierAt) });
    await agent.send(response(call.got, "180 Ringing", { toTag: "agent", contact }));
    await caller.next(call.callId, 180);
    return call;
  };
  const [answered, cancelled, refused] = [await ringing(), await ringing(), await ringing()];
  await generation(2);

  await agent.send(response(answered.got, "200 OK", { toTag: "agent", contact, body: sdp(agentAt, 18_000) }));
  const ok = await caller.next(answered.callId, 200);
  expect(audioOf(ok).address).toBe(edge);
  expect(ok).not.toContain(agentAt);
  expect(headerValues(ok, "X-Crew-Handover")).toEqual([]);
  await caller.send(within(caller, answered, ok, "ACK", 1));
  await agent.next(answered.callId, "ACK");
  await agent.send(back(agent, answered, "BYE", 1));
  await caller.send(response(await caller.next(answered.callId, "BYE"), "200 OK"));
  await agent.next(answered.callId, 200);

  await caller.send(same(cancelled, "CANCEL"));
  const cancel = await agent.next(cancelled.callId, "CANCEL");
  await caller.next(cancelled.callId, 200);
  await agent.send(response(cancel, "200 OK", { toTag: "agent" }));
  await agent.send(response(cancelled.got, "487 Request Terminated", { toTag: "agent" }));
  await caller.next(cancelled.callId, 487);
  await agent.next(cancelled.callId, "ACK");
  await caller.send(same(cancelled, "ACK", "agent"));

  await agent.send(response(refused.got, "486 Busy Here", { toTag: "agent" }));
  await agent.next(refused.callId, "ACK");
  await caller.next(refused.callId, 486);
  await caller.send(same(refused, "ACK", "agent"));
  // Absorbed by the older generation: no retransmission (T1 is 500 ms).
  expect(await caller.quiet(refused.callId, 486, 1500)).toBe(true);
  for (const d of caller.peer.received) expect([d.address, d.port]).toEqual([edge, 5060]);
});
