/** The same request more than once, at any moment: one call, one answer, nothing lost (RFC 3261 section 17.2). */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { freeze, soon } from "../lab/edge.ts";
import { accepts, refuses } from "./kit/agent.ts";
import { call, dialogOf, hangUp, within } from "./kit/call.ts";
import { methodOf, sdp, statusOf, unique } from "./kit/message.ts";
import { ackOf } from "./kit/party.ts";
import { addresses, openWorld, sleep, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.agent.answerWith(accepts);
  await world.settle(0);
});

const copies = async (text: string, n: number, apartMs: number): Promise<void> => {
  for (let i = 0; i < n; i++) {
    await world.carrier.send(text);
    if (apartMs > 0) await sleep(apartMs);
  }
};
const finals = (callId: string, cseq: string): number[] =>
  world.carrier
    .since(0)
    .filter((t) => headerValues(t, "Call-ID")[0] === callId && headerValues(t, "CSeq")[0] === cseq)
    .map(statusOf)
    .filter((s) => s >= 200);

test.each([
  ["at once", 0],
  ["2 ms apart", 2],
  ["30 ms apart", 30],
])("an INVITE five times, %s: one call, answered", async (_, apartMs) => {
  shows("behaviour/05-repeated-invite");
  const { carrier, agent } = world;
  const callId = unique("rep");
  const invite = carrier.make({ callId });
  await copies(invite, 5, apartMs);
  const answer = await carrier.peer.receive(3000, (d) => statusOf(d.text) === 200 && d.text.includes(callId));
  const dialog = dialogOf(invite, answer.text);
  await carrier.send(within(carrier, dialog, "ACK"));
  await agent.request("ACK", callId);
  expect(agent.requests("INVITE")).toHaveLength(1);
  expect(new Set(finals(callId, "1 INVITE"))).toEqual(new Set([200]));
  expect(statusOf(await hangUp(carrier, dialog))).toBe(200);
});

test("an INVITE again while the media relay takes its time: one call, answered", async () => {
  const { carrier, agent, edge, lab } = world;
  const callId = unique("slow");
  const invite = carrier.make({ callId });
  await freeze(lab, edge.rtpengine);
  await copies(invite, 4, 100);
  edge.rtpengine?.kill("SIGCONT");
  const answer = await carrier.peer.receive(3000, (d) => statusOf(d.text) === 200 && d.text.includes(callId));
  const dialog = dialogOf(invite, answer.text);
  await carrier.send(within(carrier, dialog, "ACK"));
  await agent.request("ACK", callId);
  expect(agent.requests("INVITE")).toHaveLength(1);
  expect(statusOf(await hangUp(carrier, dialog))).toBe(200);
});

test("a refused INVITE again: the same refusal, and the agent is asked once", async () => {
  const { carrier, agent } = world;
  agent.answerWith(refuses("486 Busy Here"));
  const callId = unique("busy");
  const invite = carrier.make({ callId });
  await copies(invite, 5, 1);
  const refusal = await carrier.peer.receive(
    3000,
    (d) => statusOf(d.text) === 486 && d.text.includes(callId),
  );
  await carrier.send(ackOf(invite, refusal.text));
  expect(new Set(finals(callId, "1 INVITE"))).toEqual(new Set([486]));
  expect(agent.requests("INVITE")).toHaveLength(1);
  await world.settle(0);
});

test("a re-INVITE and a BYE three times: each reaches the agent once", async () => {
  const { carrier, agent } = world;
  const dialog = await call(carrier);
  await agent.request("ACK", dialog.callId);
  agent.forget();
  const again = within(carrier, dialog, "INVITE", { body: sdp(addresses.carrier, 17200) });
  await copies(again, 3, 0);
  await carrier.peer.receive(3000, (d) => statusOf(d.text) === 200 && d.text.includes("CSeq: 2 INVITE"));
  await carrier.send(within(carrier, dialog, "ACK", { cseq: 2 }));
  const bye = within(carrier, dialog, "BYE", { cseq: 3 });
  await copies(bye, 3, 0);
  await expect.poll(() => new Set(finals(dialog.callId, "3 BYE")), soon).toEqual(new Set([200]));
  await sleep(150);
  expect(agent.requests("INVITE")).toHaveLength(1);
  expect(agent.requests("BYE")).toHaveLength(1);
  await expect
    .poll(() => world.edge.records("ended").filter((r) => r.call === dialog.callId), soon)
    .toHaveLength(1);
});

test("an ACK three times: the agent may get each, and nobody answers", async () => {
  const { carrier } = world;
  const dialog = await call(carrier);
  const from = carrier.mark();
  await copies(within(carrier, dialog, "ACK"), 3, 0);
  await sleep(100);
  expect(carrier.since(from)).toEqual([]);
  expect((await world.settle(0)).agent.filter((t) => !["INVITE", "ACK"].includes(methodOf(t)))).toEqual([]);
  await hangUp(carrier, dialog);
});
