/** SIPp as a provider with session timers (RFC 4028), towards an agent that has them and one that has not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues, type Message, messagesOf } from "../../src/phone/message.ts";
import { muLawTone } from "../lab/g711.ts";
import { refreshes, wantsLonger } from "./kit/sipp-provider.ts";
import { hungUp, hz, inside, openProvider, type ProviderWorld } from "./provider-world.ts";
import { refreshing } from "./timed-sipp.ts";

const bothHear = { ok: true, code: 200, heard: { provider: true, agent: true } };
const timersOf = (message: Message | undefined): readonly string[] =>
  headerValues(message?.text ?? "", "Session-Expires");
const okToInvite = (messages: readonly Message[]): Message | undefined =>
  messagesOf(messages, 200).find((m) => / INVITE$/.test(headerValues(m.text, "CSeq")[0] ?? ""));

describe("an agent with session timers", () => {
  let world: ProviderWorld;
  beforeAll(async () => {
    world = await openProvider({ agent: ["timers=always"] });
  });
  afterAll(() => world?.close());

  test.each(["UPDATE", "INVITE"] as const)("is called by a provider that refreshes by %s", async (method) => {
    const play = join(world.lab.dir, "timed.ul");
    writeFileSync(play, muLawTone(hz.provider, 20_000));
    const scenario = refreshing({ to: inside, method, expires: 90, everySeconds: 1, seconds: 3, play });
    const call = await world.callsIn(scenario);
    expect(call).toMatchObject(bothHear);
    const sent = messagesOf(call.messages, method).filter((m) => m.direction === "sent");
    expect(sent.filter((m) => headerValues(m.text, "To")[0]?.includes("tag="))).toHaveLength(2);
  });

  test.each(["UPDATE", "INVITE"] as const)("calls a provider that refreshes by %s", async (method) => {
    const provider = await world.answers(refreshes({ method, expires: 90 }));
    const call = await world.callsOut(3500);
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).ms).toBeGreaterThan(2500);
    const sent = messagesOf(provider.messages(), method).filter((m) => m.direction === "sent");
    expect(sent).toHaveLength(2);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("asks for a longer session where the provider answers 422", async () => {
    const provider = await world.answers(wantsLonger(3600, "uac"));
    const call = await world.callsOut();
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).heard).toBe(true);
    const asked = messagesOf(provider.messages(), "INVITE");
    expect(asked.map((m) => timersOf(m).join())).toEqual(["1800", "3600"]);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("is not reached by a provider whose session is too short", async () => {
    const invites = messagesOf(world.agent.messages(), "INVITE").length;
    const call = await world.callsIn({ headers: ["Supported: timer", "Session-Expires: 30"] });
    expect(call).toMatchObject({ ok: true, code: 422 });
    expect(headerValues(messagesOf(call.messages, 422)[0]?.text ?? "", "Min-SE")).toEqual(["90"]);
    expect(messagesOf(world.agent.messages(), "INVITE")).toHaveLength(invites);
  });
});

describe("an agent without session timers", () => {
  let world: ProviderWorld;
  beforeAll(async () => {
    world = await openProvider({ agent: ["timers=no"] });
  });
  afterAll(() => world?.close());

  test("is called, and the provider is told to refresh", async () => {
    const call = await world.callsIn({ headers: ["Supported: timer", "Session-Expires: 600"] });
    expect(call).toMatchObject(bothHear);
    const ok = okToInvite(call.messages);
    expect(timersOf(ok)).toEqual(["600;refresher=uac"]);
    expect(headerValues(ok?.text ?? "", "Require")).toContain("timer");
  });

  test.each(["UPDATE", "INVITE"] as const)("calls a provider that refreshes by %s", async (method) => {
    const provider = await world.answers(refreshes({ method, expires: 90 }));
    const call = await world.callsOut(3500);
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).ms).toBeGreaterThan(2500);
    expect(timersOf(messagesOf(provider.messages(), "INVITE")[0])).toEqual(["1800"]);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("is helped where the provider wants a longer session than the edge asked for", async () => {
    const provider = await world.answers(wantsLonger(3600, "uas"));
    const call = await world.callsOut();
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).heard).toBe(true);
    const asked = messagesOf(provider.messages(), "INVITE");
    expect(asked.map((m) => timersOf(m).join())).toEqual(["1800", "3600"]);
    expect(messagesOf(world.agent.messages(), 422)).toEqual([]);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });
});

test("an agent that wants longer sessions is asked for one where the provider knows none", async () => {
  const world = await openProvider({ agent: ["timers_min_se=3600", "timers_sess_expires=7200"] });
  onTestFinished(() => world.close());
  const call = await world.callsIn();
  expect(call).toMatchObject(bothHear);
  const asked = messagesOf(world.agent.messages(), "INVITE");
  expect(asked.map((m) => timersOf(m).join())).toEqual(["1800", "3600"]);
  expect(timersOf(okToInvite(call.messages))).toEqual(["3600;refresher=uas"]);
  expect(messagesOf(call.messages, 422)).toEqual([]);
});
