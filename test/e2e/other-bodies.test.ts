/** Bodies that are no SDP, or hide one among several parts, where SDP is exchanged: nobody looks into them, so none crosses. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { soon } from "../lab/edge.ts";
import { back, type Half, type Invited, invite, within } from "../targets/kamailio/calls.ts";
import { agentsSide, type World } from "./call-world.ts";
import { agentAt, callerAt, handUri, openHalves, providerAt } from "./kit/halves.ts";
import { request, response, sdp, unique } from "./kit/message.ts";

let world: World;
let caller: Half;
let agent: Half;
let provider: Half;
beforeAll(async () => {
  ({ world, caller, agent, provider } = await openHalves());
});
afterAll(() => world.close());

/** Several parts, with the SDP in one; and a text. */
const kinds = {
  multipart: {
    contentType: 'multipart/mixed;boundary="part"',
    of: (address: string): string =>
      [
        "--part",
        "Content-Type: application/sdp",
        "",
        sdp(address),
        "--part",
        "Content-Type: application/isup",
        "",
        `by ${address}`,
        "--part--",
        "",
      ].join("\r\n"),
  },
  text: { contentType: "text/plain", of: (address: string): string => `by ${address}` },
} as const;
type Kind = keyof typeof kinds;
const all = Object.keys(kinds) as Kind[];

/** A message with such a body instead of SDP. */
const typed = (text: string, kind: Kind): string =>
  text.replace("Content-Type: application/sdp", `Content-Type: ${kinds[kind].contentType}`);
function otherAnswer(
  to: string,
  kind: Kind,
  status: string,
  at: string,
  port: number,
  toTag?: string,
): string {
  const contact = `sip:other@${at}:${port}`;
  const body = kinds[kind].of(at);
  return typed(response(to, status, { contact, body, ...(toTag === undefined ? {} : { toTag }) }), kind);
}
const answer = (to: string): string =>
  response(to, "200 OK", {
    toTag: "agent",
    contact: `sip:agent@${agentAt}:5080`,
    body: sdp(agentAt, 18_000),
  });

function isBare(text: string, theirs: string): void {
  expect(text.split("\r\n\r\n")[1]).toBe("");
  expect(headerValues(text, "Content-Length")).toEqual(["0"]);
  expect(headerValues(text, "Content-Type")).toEqual([]);
  expect(text).not.toContain(theirs);
}

async function answered(): Promise<{ readonly call: Invited; readonly ok: string }> {
  const call = await invite(caller, agent, { uri: handUri });
  await agent.send(answer(call.got));
  const ok = await caller.next(call.callId, 200);
  await caller.send(within(caller, call, ok, "ACK", 1));
  await agent.next(call.callId, "ACK");
  return { call, ok };
}
async function hangUp(call: Invited, ok: string, cseq: number): Promise<void> {
  await caller.send(within(caller, call, ok, "BYE", cseq));
  await agent.send(response(await agent.next(call.callId, "BYE"), "200 OK"));
  await caller.next(call.callId, 200);
  await expect.poll(() => world.sessions(), soon).toEqual([]);
}

describe.each(all)("%s", (kind) => {
  const { of } = kinds[kind];

  test("in an agent's ringing and answer, and in the ACK", async () => {
    const call = await invite(caller, agent, { uri: handUri });
    await agent.send(otherAnswer(call.got, kind, "183 Session Progress", agentAt, 5080, "agent"));
    isBare(await caller.next(call.callId, 183), agentAt);
    await agent.send(otherAnswer(call.got, kind, "200 OK", agentAt, 5080, "agent"));
    const ok = await caller.next(call.callId, 200);
    isBare(ok, agentAt);
    await caller.send(typed(within(caller, call, ok, "ACK", 1, { body: of(callerAt) }), kind));
    isBare(await agent.next(call.callId, "ACK"), callerAt);
    await hangUp(call, ok, 2);
  });

  test("in an agent's refusal", async () => {
    const call = await invite(caller, agent, { uri: handUri });
    await agent.send(otherAnswer(call.got, kind, "486 Busy Here", agentAt, 5080, "agent"));
    isBare(await caller.next(call.callId, 486), agentAt);
  });

  test.each(["INVITE", "UPDATE"])("in %s within the call, of either side, and its answer", async (method) => {
    const { call, ok } = await answered();
    await caller.send(typed(within(caller, call, ok, method, 2, { body: of(callerAt) }), kind));
    expect(headerValues(await caller.next(call.callId, 415), "Accept")).toEqual(["application/sdp"]);
    await agent.send(typed(back(agent, call, method, 1, of(agentAt)), kind));
    expect(headerValues(await agent.next(call.callId, 415), "Accept")).toEqual(["application/sdp"]);
    expect(await agent.quiet(call.callId, method, 300)).toBe(true);
    expect(await caller.quiet(call.callId, method, 1)).toBe(true);
    await caller.send(within(caller, call, ok, method, 3, { body: sdp(callerAt, 17_002) }));
    const again = await agent.next(call.callId, method);
    await agent.send(otherAnswer(again, kind, "200 OK", agentAt, 5080));
    isBare(await caller.next(call.callId, 200), agentAt);
    if (method === "INVITE") {
      await caller.send(within(caller, call, ok, "ACK", 3));
      await agent.next(call.callId, "ACK");
    }
    await hangUp(call, ok, 4);
  });

  test("in a provider's ringing and refusal", async () => {
    const callId = unique("call");
    const to = `sip:+14155550123@${agentsSide.address}:${agentsSide.port}`;
    await agent.send(request({ at: agent.at, uri: to, callId, headers: ["X-Crew-Agent: hand"] }));
    const got = await provider.next(callId, "INVITE");
    await provider.send(otherAnswer(got, kind, "183 Session Progress", providerAt, 5060, "there"));
    isBare(await agent.next(callId, 183), providerAt);
    await provider.send(otherAnswer(got, kind, "603 Decline", providerAt, 5060, "there"));
    isBare(await agent.next(callId, 603), providerAt);
  });
});
