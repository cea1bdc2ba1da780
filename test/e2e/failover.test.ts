/** Agents that are down, silent or unwilling, played by programs: who gets the call next, how soon, and who does not. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import type { SippResult } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { shows } from "../acceptance/shows.ts";
import { soon } from "../lab/edge.ts";
import { startAgent, type TestAgent } from "../lab/peers.ts";
import { draft, openWorld, toAgent, type World } from "./call-world.ts";

const host = "10.0.4.10";
const spare = "10.0.4.20";

/** First addresses that do not take a call, and whether that is known at once or by silence. */
const broken: readonly { readonly name: string; readonly uri: string; readonly callee?: Callee }[] = [
  { name: "nothing listens", uri: `sip:${host}:5999` },
  { name: "no such host", uri: "sip:10.0.4.99:5080" },
  { name: "silent", uri: `sip:${host}:5081`, callee: { answer: "none" } },
  { name: "503", uri: `sip:${host}:5082`, callee: { answer: 503 } },
  { name: "480 after ringing", uri: `sip:${host}:5083`, callee: { answer: 480, ringMs: 300 } },
  { name: "500", uri: `sip:${host}:5084`, callee: { answer: 500 } },
  { name: "TCP connection refused", uri: `sip:${host}:5998;transport=tcp` },
];
/** Answers that end the call. */
const final: readonly { readonly code: number; readonly ringMs?: number }[] = [
  { code: 486 },
  { code: 603, ringMs: 300 },
  { code: 404 },
];

const inOrder = (...uris: readonly string[]): object => ({
  uri: uris.map((uri, i) => ({ uri, priority: i + 1 })),
});
const [silent, unavailable, failing] = [broken[2], broken[3], broken[5]];

let world: World;
let standIn: TestAgent;
const listening = new Map<string, TestAgent>();
beforeAll(async () => {
  const good = `sip:${spare}:5080`;
  const agents = {
    ...Object.fromEntries(broken.map((b, i) => [`broken_${i}`, inOrder(b.uri, good)])),
    ...Object.fromEntries(final.map((_, i) => [`final_${i}`, inOrder(`sip:${host}:${5090 + i}`, good)])),
    none: inOrder(`sip:${host}:5997`, `sip:${host}:5996`),
    worse: inOrder(unavailable?.uri ?? "", failing?.uri ?? "", silent?.uri ?? ""),
    better: inOrder(`sip:${host}:5995`, good),
    shared: {
      uri: [
        { uri: `sip:${spare}:5101`, priority: 1, weight: 2 },
        { uri: `sip:${spare}:5102`, priority: 1, weight: 1 },
        { uri: `sip:${spare}:5103`, priority: 2, weight: 100 },
      ],
    },
    returning: inOrder(`sip:${host}:5994`, good),
  };
  world = await openWorld(
    draft(agents, [
      ...broken.map((_, i) => toAgent(i, `broken_${i}`)),
      ...final.map((_, i) => toAgent(20 + i, `final_${i}`)),
      toAgent(30, "none"),
      toAgent(31, "worse", { on_failure: [{ agent_id: "better" }] }),
      toAgent(32, "shared"),
      toAgent(33, "returning"),
    ]),
  );
  const listen = async (port: number, sipp: Callee, at = host): Promise<void> => {
    listening.set(`${at}:${port}`, await startAgent(world.lab, { via: "sipp", at: `${at}:${port}`, sipp }));
  };
  standIn = await startAgent(world.lab, { via: "sipp", at: `${spare}:5080` });
  await Promise.all([
    ...broken.map((b) => b.callee && listen(Number(/\d+$/.exec(b.uri)?.[0]), b.callee)),
    ...final.map((f, i) => listen(5090 + i, { answer: f.code, ringMs: f.ringMs ?? 0 })),
    ...[5101, 5102, 5103].map((port) => listen(port, {}, spare)),
  ]);
});
afterAll(() => world.close());

const at = (address: string): TestAgent => {
  const agent = listening.get(address);
  if (agent === undefined) throw new Error(`no agent at ${address}`);
  return agent;
};
const callId = (text: string): string => headerValues(text, "Call-ID")[0] ?? "";

describe("before any probe", () => {
  let results: readonly SippResult[];
  beforeAll(async () => {
    results = await Promise.all(broken.map((_, i) => world.sipp(i)));
  });

  test.each(broken.map((b, i) => [b.name, i] as const))(
    "first address: %s; the second has the call within seconds",
    (name, i) => {
      shows("behaviour/08-silent-peer");
      const { ok, codes, answerMs } = results[i] as SippResult;
      expect({ ok, codes }).toEqual({ ok: 1, codes: { 200: 1 } });
      expect(answerMs[0]).toBeLessThan(6000);
      // What says so by itself is not waited for.
      if (!["nothing listens", "silent"].includes(name)) expect(answerMs[0]).toBeLessThan(2500);
    },
  );

  test("each of them reached the second address once", async () => {
    expect(standIn.invites()).toHaveLength(broken.length);
    await expect.poll(() => world.edge.records("failover"), soon).toHaveLength(broken.length);
  });

  test("all addresses of the agent down: a clear refusal in bounded time", async () => {
    const began = Date.now();
    const { codes, errors } = await world.sipp(30);
    expect({ codes, errors }).toEqual({ codes: { 480: 1 }, errors: "" });
    expect(Date.now() - began).toBeLessThan(11_000);
    await expect
      .poll(() => world.edge.records("refused").at(-1), soon)
      .toMatchObject({ code: 480, reason: "no_agent" });
  });

  test("three addresses and two agents in turn, each told whom it is called as", async () => {
    shows("behaviour/07-failover");
    const before = standIn.invites().length;
    const { ok, answerMs } = await world.sipp(31);
    expect(ok).toBe(1);
    // Two silent addresses of 4 s each.
    expect(answerMs[0]).toBeLessThan(10_000);
    const [invite = { text: "" }] = standIn.invites().slice(before);
    expect(headerValues(invite.text, "X-Crew-Agent")).toEqual(["better"]);
    for (const port of [5082, 5084, 5081]) {
      const same = at(`${host}:${port}`)
        .invites()
        .find((m) => callId(m.text) === callId(invite.text));
      expect(headerValues(same?.text ?? "", "X-Crew-Agent"), `${port}`).toEqual(["worse"]);
    }
    await expect.poll(() => world.edge.records("answered").at(-1), soon).toMatchObject({ agent: "better" });
  });
});

test.each(final.map((f, i) => [f.code, i] as const))(
  "%i is an answer: nobody else is asked",
  async (code, i) => {
    const before = standIn.invites().length;
    expect(await world.sipp(20 + i)).toMatchObject({ ok: 1, codes: { [code]: 1 } });
    expect(standIn.invites()).toHaveLength(before);
    expect(at(`${host}:${5090 + i}`).invites()).toHaveLength(1);
  },
);

test("addresses of one priority share calls by weight; the next priority waits", async () => {
  expect(await world.sipp(32, { calls: 60, rate: 30 })).toMatchObject({ ok: 60, failed: 0 });
  const [twice = 0, once = 0, never] = [5101, 5102, 5103].map((p) => at(`${spare}:${p}`).invites().length);
  expect(never).toBe(0);
  expect(twice + once).toBe(60);
  // Mean 40, standard deviation 3.7.
  expect(twice).toBeGreaterThanOrEqual(26);
  expect(twice).toBeLessThanOrEqual(54);
});

describe("once probes have marked them down", () => {
  test("probes mark what does not answer them", async () => {
    const flags = async (): Promise<readonly string[]> => {
      const known = await world.targets();
      return [5999, 5997, 5996, 5994].map((p) => known[`${host}:${p}`] ?? "unknown");
    };
    await expect.poll(flags, { timeout: 40_000, interval: 500 }).toEqual(["IP", "IP", "IP", "IP"]);
  }, 45_000);

  test("the second address has the call at once", async () => {
    const results = await Promise.all([world.sipp(0), world.sipp(1), world.sipp(6)]);
    for (const { ok, answerMs } of results) {
      expect(ok).toBe(1);
      expect(answerMs[0]).toBeLessThan(1000);
    }
  });

  test("with all down the refusal comes at once", async () => {
    const began = Date.now();
    expect(await world.sipp(30)).toMatchObject({ ok: 1, codes: { 480: 1 } });
    expect(Date.now() - began).toBeLessThan(2000);
  });

  test("what refuses calls but answers probes is still asked", async () => {
    expect((await world.targets())[`${host}:5082`]).toBe("AP");
  });

  test("an agent that comes back is used again", async () => {
    const back = await startAgent(world.lab, { via: "sipp", at: `${host}:5994` });
    await expect
      .poll(async () => (await world.targets())[`${host}:5994`], { timeout: 15_000, interval: 300 })
      .toBe("AP");
    expect(await world.sipp(33)).toMatchObject({ ok: 1 });
    expect(back.invites()).toHaveLength(1);
    await back.stop();
  });
});
