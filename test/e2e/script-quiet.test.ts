/** What peers leave out or write in odd ways is no error of the script: the log has records of it, and nothing else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Half, same } from "../targets/kamailio/calls.ts";
import { agentsSide, edgeAt, type World } from "./call-world.ts";
import { handUri, openHalves } from "./kit/halves.ts";
import { type RequestOptions, request, response, statusOf, unique } from "./kit/message.ts";

let world: World;
let caller: Half;
let agent: Half;
beforeAll(async () => {
  ({ world, caller, agent } = await openHalves());
});
afterAll(() => world.close());

/** Lines of the log that are no records, from now on. */
function complaints(): () => readonly string[] {
  const { lines } = world.edge.kamailio;
  const before = lines.length;
  return () => lines.slice(before).filter((line) => !line.includes('{"event":"'));
}

const routes: readonly (readonly string[])[] = [
  [],
  [`Route: <sip:${edgeAt.address};lr>`],
  [`Route: <sip:${edgeAt.address};lr;c=x>`],
  [`Route: <sip:${edgeAt.address};lr;c=a.b.c.d>`],
  [`Route: <sip:${edgeAt.address};lr;v=-;c=acme.iopp.1.-.${"0".repeat(24)}>`],
  ["Route: ="],
];
test.each(["INVITE", "BYE", "UPDATE", "INFO", "PRACK"])(
  "%s of a call that never was, with any Route",
  async (method) => {
    const said = complaints();
    for (const headers of routes) {
      for (const [from, to] of [
        [caller, handUri],
        [agent, `sip:x@${agentsSide.address}:${agentsSide.port}`],
      ] as const) {
        const callId = unique("never");
        await from.send(request({ at: from.at, method, uri: to, toTag: "x", callId, headers }));
        const answer = await from.peer.receive(4000, (d) => d.text.includes(callId));
        expect(statusOf(answer.text)).toBeOneOf([403, 481]);
      }
    }
    expect(said()).toEqual([]);
  },
);

test.each<[string, Partial<RequestOptions>]>([
  ["without a Contact", { instead: { Contact: [] } }],
  ["whose Contact is a star", { instead: { Contact: ["Contact: *"] } }],
])("an INVITE %s", async (_, change) => {
  const said = complaints();
  const callId = unique("odd");
  const sent = request({ at: caller.at, uri: handUri, callId, ...change });
  await caller.send(sent);
  const got = await agent.next(callId, "INVITE");
  await agent.send(response(got, "486 Busy Here", { toTag: "agent" }));
  await caller.next(callId, 486);
  await caller.send(same({ callId, sent, got }, "ACK", "agent"));
  expect(said()).toEqual([]);
});

test.each([
  ["a number that is not allowed", `sip:+4955501@${agentsSide.address}:${agentsSide.port}`, 403],
  ["what is no number", `sip:nobody@${agentsSide.address}:${agentsSide.port}`, 404],
  ["another host", "sip:+14155550123@192.0.2.1", 403],
  ["a tel: URI", "tel:+14155550123", 416],
])("an agent calls %s", async (_, to, code) => {
  const said = complaints();
  const callId = unique("refused");
  await agent.send(request({ at: agent.at, uri: to, callId, headers: ["X-Crew-Agent: hand"] }));
  const answer = await agent.peer.receive(4000, (d) => d.text.includes(callId) && statusOf(d.text) !== 100);
  expect(statusOf(answer.text)).toBe(code);
  expect(said()).toEqual([]);
});
