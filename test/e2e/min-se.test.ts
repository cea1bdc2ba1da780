/** An agent that wants longer session intervals than the edge puts in is asked again, by a request that is none of before. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { startAsterisk } from "../lab/asterisk.ts";
import { agentsSide, draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { accepts, beginsCall, ringsReliably, sessionTimer, strictOrder } from "./kit/behaviours.ts";
import { type Dialog, dialogOf, within } from "./kit/call.ts";
import { methodOf, sdp, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Behaviour, type Server, sipServer } from "./kit/server.ts";

const pbxAt = "10.0.4.20";
const strictAt = "10.0.4.21";
const callerAt = "203.0.113.30";

let world: World;
let strict: Server;
let caller: Party;
beforeAll(async () => {
  const agents = { pbx: { uri: `sip:${pbxAt}:5080` }, strict: { uri: `sip:${strictAt}:5080` } };
  world = await openWorld(draft(agents, [toAgent(0, "pbx"), toAgent(1, "strict")]));
  for (const address of [strictAt, callerAt]) await world.lab.addAddress(address);
  strict = await sipServer(world.lab, strictAt, 5080);
  caller = await party(world.lab, callerAt, 5060, edgeAt);
}, 600_000);
afterAll(async () => {
  await strict?.close();
  await world?.close();
});

const one = (text: string, name: string): string => headerValues(text, name)[0] ?? "";
const cseqs = (messages: readonly string[]): readonly number[] =>
  messages.map((m) => Number.parseInt(one(m, "CSeq"), 10));

/** 482 to a second INVITE of the same Call-ID, From tag and CSeq (RFC 3261 section 8.2.2.2). */
function merges(): Behaviour {
  const known = new Set<string>();
  return (turn, next) => {
    if (!beginsCall(turn)) return next();
    const tag = /;\s*tag=([^;\s]+)/.exec(one(turn.request, "From"))?.[1];
    const request = `${turn.callId} ${tag} ${one(turn.request, "CSeq")}`;
    if (known.has(request)) return [turn.reply("482 Loop Detected")];
    known.add(request);
    return next();
  };
}

const ended = (callId: string): Promise<void> =>
  expect
    .poll(() => strict.requests("BYE").some((t) => one(t, "Call-ID") === callId))
    .toBe(true) as Promise<void>;

test("Asterisk 22: the call is up and ends in order", async () => {
  const endpoint = ["timers=always", "timers_min_se=2400", "timers_sess_expires=2400"];
  const trunks = { edge: { address: agentsSide.address, endpoint } };
  const settings = { address: pbxAt, port: 5080, trunks, agent: { hz: 1100 } } as const;
  const agent = await startAsterisk(world.lab, "pbx", settings, await world.lab.host(pbxAt));
  onTestFinished(() => agent.stop());
  await world.inUse(`${pbxAt}:5080`);
  const result = await world.sipp(0);
  expect(result).toMatchObject({ ok: 1, codes: { 200: 1 }, errors: "" });
  const got = (method: string): readonly string[] =>
    messagesOf(agent.messages(), method)
      .filter((m) => m.direction === "received" && methodOf(m.text) === method)
      .map((m) => m.text);
  expect(got("INVITE").map((t) => one(t, "Session-Expires"))).toEqual(["1800", "2400"]);
  expect(cseqs(got("INVITE"))).toEqual([1, 2]);
  expect(cseqs(got("ACK"))).toEqual([1, 2]);
}, 60_000);

test("an agent that takes nothing twice: every request of the caller keeps its order, every answer the caller's CSeq", async () => {
  strict.answerWith(merges(), strictOrder(), sessionTimer({ minSe: 2400 }), accepts());
  const callId = unique("longer");
  const invite = caller.make({ uri: `sip:${number(1)}@${edgeAt.address}`, callId, cseq: 7 });
  const answer = await caller.ask(invite, 4000);
  expect([statusOf(answer), one(answer, "CSeq")]).toEqual([200, "7 INVITE"]);
  const dialog: Dialog = dialogOf(invite, answer);
  await caller.send(within(caller, dialog, "ACK"));
  const of = (method: string): readonly string[] =>
    strict.requests(method).filter((t) => one(t, "Call-ID").startsWith(callId));
  await expect.poll(() => cseqs(of("ACK"))).toEqual([7, 8]);
  expect(cseqs(of("INVITE"))).toEqual([7, 8]);

  const again = within(caller, dialog, "INVITE", { cseq: 8, body: sdp(callerAt, 17_002) });
  const reinvited = await caller.ask(again, 4000);
  expect([statusOf(reinvited), one(reinvited, "CSeq")]).toEqual([200, "8 INVITE"]);
  await caller.send(within(caller, { ...dialog, cseq: 8 }, "ACK"));
  await expect.poll(() => cseqs(of("ACK"))).toEqual([7, 8, 9]);
  for (const [cseq, method] of [
    [9, "INFO"],
    [10, "BYE"],
  ] as const) {
    const done = await caller.ask(within(caller, dialog, method, { cseq }), 4000);
    expect([statusOf(done), one(done, "CSeq")]).toEqual([200, `${cseq} ${method}`]);
  }
  expect([cseqs(of("INFO")), cseqs(of("BYE"))]).toEqual([[10], [11]]);
  expect(strict.problems()).toEqual([]);
  await ended(one(of("BYE")[0] ?? "", "Call-ID"));
});

test("a reliable response of the second INVITE is acknowledged by its number", async () => {
  strict.answerWith(merges(), sessionTimer({ minSe: 2400 }), ringsReliably(), accepts());
  const callId = unique("rack");
  const uri = `sip:${number(1)}@${edgeAt.address}`;
  const invite = caller.make({ uri, callId, cseq: 3, headers: ["Supported: 100rel"] });
  const final = caller.ask(invite, 6000);
  const { text: ringing } = await caller.peer.receive(
    3000,
    (d) => statusOf(d.text) === 183 && one(d.text, "Call-ID") === callId,
  );
  expect(one(ringing, "CSeq")).toBe("3 INVITE");
  const early = dialogOf(invite, ringing);
  const prack = within(caller, early, "PRACK", {
    cseq: 4,
    headers: [`RAck: ${one(ringing, "RSeq")} 3 INVITE`],
  });
  expect(statusOf(await caller.ask(prack))).toBe(200);
  const answer = await final;
  expect(statusOf(answer)).toBe(200);
  const dialog = { ...dialogOf(invite, answer), cseq: 3 };
  await caller.send(within(caller, dialog, "ACK"));
  expect(statusOf(await caller.ask(within(caller, dialog, "BYE", { cseq: 5 })))).toBe(200);
  expect(strict.problems()).toEqual([]);
});
