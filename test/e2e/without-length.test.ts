/** Datagrams without Content-Length, whose body goes up to their end (RFC 3261 section 18.3): their SDP is seen like any other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { soon } from "../lab/edge.ts";
import { back, type Half, type Invited, within } from "../targets/kamailio/calls.ts";
import { agentsSide, edgeAt, type World } from "./call-world.ts";
import { agentAt, callerAt, handUri, openHalves } from "./kit/halves.ts";
import { request, response, sdp, unique } from "./kit/message.ts";

let world: World;
let caller: Half;
let agent: Half;
beforeAll(async () => {
  ({ world, caller, agent } = await openHalves());
});
afterAll(() => world.close());

const without = (text: string): string => {
  const [head = "", ...body] = text.split("\r\n\r\n");
  const lines = head.split("\r\n").filter((line) => !/^Content-Length:/i.test(line));
  return [lines.join("\r\n"), ...body].join("\r\n\r\n");
};
const answer = (to: string, port: number, body = sdp(agentAt, port)): string =>
  response(to, "200 OK", { toTag: "agent", contact: `sip:agent@${agentAt}:5080`, body });

/** The message has the edge's own media address and length, and nothing of where it came from. */
function goesThroughTheRelay(text: string, ours: string, theirs: string): void {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(body).toContain(`c=IN IP4 ${ours}`);
  expect(headerValues(head, "Content-Length")).toEqual([`${Buffer.byteLength(body)}`]);
  expect(text).not.toContain(theirs);
}
const toAgentSide = (text: string) => goesThroughTheRelay(text, agentsSide.address, callerAt);
const toCallerSide = (text: string) => {
  const [, body = ""] = text.split("\r\n\r\n");
  expect(body).toContain(`c=IN IP4 ${edgeAt.address}`);
  expect(text).not.toContain(agentAt);
};

async function invited(body: string): Promise<Invited> {
  const callId = unique("bare");
  const sent = request({ at: caller.at, uri: handUri, callId, body });
  await caller.send(without(sent));
  return { callId, sent, got: await agent.next(callId, "INVITE") };
}

async function hangUp(call: Invited, ok: string, cseq: number): Promise<void> {
  await caller.send(without(within(caller, call, ok, "BYE", cseq)));
  await agent.send(without(response(await agent.next(call.callId, "BYE"), "200 OK")));
  await caller.next(call.callId, 200);
  await expect.poll(() => world.sessions(), soon).toEqual([]);
}

test("offer and answer, and those of re-INVITEs from both sides", async () => {
  const call = await invited(sdp(callerAt, 17_000));
  toAgentSide(call.got);
  await agent.send(without(answer(call.got, 18_000)));
  const ok = await caller.next(call.callId, 200);
  toCallerSide(ok);
  await caller.send(without(within(caller, call, ok, "ACK", 1)));
  await agent.next(call.callId, "ACK");
  await caller.send(without(within(caller, call, ok, "INVITE", 2, { body: sdp(callerAt, 17_002) })));
  const again = await agent.next(call.callId, "INVITE");
  toAgentSide(again);
  await agent.send(without(answer(again, 18_000)));
  toCallerSide(await caller.next(call.callId, 200));
  await caller.send(without(within(caller, call, ok, "ACK", 2)));
  await agent.next(call.callId, "ACK");
  await agent.send(without(back(agent, call, "INVITE", 1, sdp(agentAt, 18_002))));
  const theirs = await caller.next(call.callId, "INVITE");
  toCallerSide(theirs);
  const contact = `sip:caller@${callerAt}:5070`;
  await caller.send(without(response(theirs, "200 OK", { contact, body: sdp(callerAt, 17_002) })));
  toAgentSide(await agent.next(call.callId, 200));
  await agent.send(without(back(agent, call, "ACK", 1)));
  await caller.next(call.callId, "ACK");
  await hangUp(call, ok, 3);
});

test("an offer that comes late, and its answer in the ACK", async () => {
  const call = await invited("");
  expect(call.got).not.toMatch(/^Content-Type:/m);
  await agent.send(without(answer(call.got, 18_000)));
  const ok = await caller.next(call.callId, 200);
  toCallerSide(ok);
  await caller.send(without(within(caller, call, ok, "ACK", 1, { body: sdp(callerAt, 17_000) })));
  toAgentSide(await agent.next(call.callId, "ACK"));
  await hangUp(call, ok, 2);
});
