/** Two and three generations at once: what belongs to the older one reaches it, and nothing is lost. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { headerValues } from "../../../src/phone/message.ts";
import { bodyOf, sdp } from "../../e2e/kit/message.ts";
import { type Edge, soon, startModel } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import {
  agentSide,
  answer,
  back,
  carrierSide,
  type Half,
  half,
  type Invited,
  invite,
  loopbackEdge,
  same,
  within,
} from "./calls.ts";

const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const model = parseConfig(loopbackEdge()).value;
if (model === undefined) throw new Error("the config of this test does not compile");

let lab: Lab;
let caller: Half;
let agent: Half;
const edges: Edge[] = [];
const generation = async (n: number): Promise<void> => {
  const before = n === 1 ? {} : { predecessorPort: 7100 + n - 1 };
  edges.push(
    await startModel(lab, model, {
      name: `g${n}`,
      generation: n,
      handoverPort: 7100 + n,
      relay: n === 1,
      keys,
      ...before,
    }),
  );
};

beforeAll(async () => {
  lab = await openLab();
  caller = await half(lab, "127.0.0.2", 5070, carrierSide);
  agent = await half(lab, "127.0.0.3", 5080, agentSide);
  await generation(1);
});
afterAll(() => lab.close());

const ringing: Record<string, Invited> = {};

test("calls are set up through the first generation", async () => {
  for (const name of ["answered", "cancelled", "busy", "early", "chained", "chainedCancel"]) {
    const call = await invite(caller, agent);
    await agent.send(answer(agent, call.got, "180 Ringing"));
    await caller.next(call.callId, 180);
    ringing[name] = call;
  }
});

test("an answer that arrives at the second generation reaches the caller, hidden and with the edge's media", async () => {
  await generation(2);
  const call = ringing.answered as Invited;
  await agent.send(answer(agent, call.got, "200 OK"));
  const ok = await caller.next(call.callId, 200);
  expect(ok).not.toContain("127.0.0.3");
  expect(ok).not.toContain("127.0.0.20");
  expect(headerValues(ok, "X-Crew-Handover")).toEqual([]);
  expect(headerValues(ok, "TH")).toEqual([]);
  expect(bodyOf(ok)).toContain("c=IN IP4 127.0.0.10");
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  await agent.send(back(agent, call, "BYE", 1));
  const bye = await caller.next(call.callId, "BYE");
  expect(bye).not.toContain("127.0.0.3");
  await expect
    .poll(() => edges[1]?.records("ended"), soon)
    .toMatchObject([{ call: call.callId, by: "agent", trunk: "acme" }]);
});

test("a CANCEL reaches the first generation, and its answers leave by the public socket", async () => {
  const call = ringing.cancelled as Invited;
  await caller.send(same(call, "CANCEL"));
  const cancel = await agent.next(call.callId, "CANCEL");
  await caller.next(call.callId, 200);
  await agent.send(answer(agent, cancel, "200 OK"));
  await agent.send(answer(agent, call.got, "487 Request Terminated"));
  const final = await caller.next(call.callId, 487);
  await agent.next(call.callId, "ACK");
  await caller.send(same(call, "ACK", "agent"));
  // Absorbed: no retransmission of the 487 (T1 is 500 ms).
  expect(headerValues(final, "CSeq")).toEqual(["1 INVITE"]);
  expect(await caller.quiet(call.callId, 487, 1500)).toBe(true);
  for (const d of caller.peer.received) expect([d.address, d.port]).toEqual(["127.0.0.10", 5060]);
});

test("a refusal reaches the caller, and its ACK ends the older generation's retransmissions", async () => {
  const call = ringing.busy as Invited;
  await agent.send(answer(agent, call.got, "486 Busy Here"));
  await agent.next(call.callId, "ACK");
  await caller.next(call.callId, 486);
  await caller.send(same(call, "ACK", "agent"));
  expect(await caller.quiet(call.callId, 486, 1500)).toBe(true);
});

test("early media and PRACK across generations", async () => {
  const call = ringing.early as Invited;
  await agent.send(answer(agent, call.got, "183 Session Progress", ["Require: 100rel", "RSeq: 1"]));
  const progress = await caller.next(call.callId, 183);
  expect(bodyOf(progress)).toContain("c=IN IP4 127.0.0.10");
  await caller.send(within(caller, call, progress, "PRACK", 2, { headers: ["RAck: 1 1 INVITE"] }));
  const prack = await agent.next(call.callId, "PRACK");
  expect(headerValues(prack, "RAck")).toEqual(["1 1 INVITE"]);
  await agent.send(answer(agent, prack, "200 OK"));
  await caller.next(call.callId, 200);
  await agent.send(answer(agent, call.got, "200 OK"));
  const ok = await caller.next(call.callId, 200);
  expect(headerValues(ok, "CSeq")).toEqual(["1 INVITE"]);
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  await caller.send(within(caller, call, ok, "INVITE", 3, { body: sdp("127.0.0.2", 17002) }));
  const again = await agent.next(call.callId, "INVITE");
  expect(bodyOf(again)).toContain("c=IN IP4 127.0.0.20");
  await agent.send(answer(agent, again, "200 OK"));
  const held = await caller.next(call.callId, 200);
  expect(bodyOf(held)).toContain("c=IN IP4 127.0.0.10");
  await caller.send(within(caller, call, ok, "BYE", 4));
  await agent.next(call.callId, "BYE");
});

test("a third generation passes on what belongs to the first", async () => {
  await generation(3);
  const call = ringing.chained as Invited;
  await agent.send(answer(agent, call.got, "200 OK"));
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  const other = ringing.chainedCancel as Invited;
  await caller.send(same(other, "CANCEL"));
  const cancel = await agent.next(other.callId, "CANCEL");
  await caller.next(other.callId, 200);
  await agent.send(answer(agent, cancel, "200 OK"));
  await agent.send(answer(agent, other.got, "487 Request Terminated"));
  await caller.next(other.callId, 487);
  await caller.send(same(other, "ACK", "agent"));
  expect(await caller.quiet(other.callId, 487, 1500)).toBe(true);
  const fresh = await invite(caller, agent);
  expect(fresh.got).toContain("X-Crew-Agent: sarah");
});

test("a reply to nothing is relayed by no generation", async () => {
  const stray = [
    "SIP/2.0 200 OK",
    "Via: SIP/2.0/UDP 127.0.0.20:5080;branch=z9hG4bKnone.0",
    "Via: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bKvictim",
    "From: <sip:a@127.0.0.2>;tag=a",
    "To: <sip:b@127.0.0.3>;tag=b",
    "Call-ID: stray",
    "CSeq: 1 INVITE",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  await agent.send(stray);
  expect(await caller.quiet("stray", 200, 700)).toBe(true);
});

test("a CANCEL of a call that no generation knows is answered with 481", async () => {
  const call = await invite(caller, agent);
  const unknown = same({ ...call, sent: call.sent.replace(/branch=z9hG4bK/, "branch=z9hG4bKx") }, "CANCEL");
  await caller.send(unknown);
  await caller.next(call.callId, 481);
});
