import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { capture, rtpStreams } from "./capture.ts";
import { type Lab, openLab } from "./netns.ts";
import {
  type AgentOptions,
  type CallerOptions,
  startAgent,
  startCaller,
  type TestAgent,
  type TestCaller,
  type Via,
} from "./peers.ts";

const edge = "10.0.4.1";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
}, 300_000);
afterAll(() => lab.close());

/** Stopped at the end of the test, however that comes. */
async function callerFor(o: CallerOptions): Promise<TestCaller> {
  const caller = await startCaller(lab, o);
  onTestFinished(() => caller.stop());
  return caller;
}

async function agentFor(o: AgentOptions): Promise<TestAgent> {
  const agent = await startAgent(lab, o);
  onTestFinished(() => agent.stop());
  return agent;
}

const pairs: [Via, Via][] = [
  ["sipp", "sipp"],
  ["sipp", "baresip"],
  ["sipp", "asterisk"],
  ["baresip", "asterisk"],
  ["asterisk", "baresip"],
];

describe("peers", () => {
  // The caller has the address from which agents expect the edge, since nothing stands between.
  test.each(pairs)(
    "a call by %s to %s carries audio both ways",
    async (from, to) => {
      const agent = await agentFor({ via: to, at: "10.0.4.10:5080" });
      const caller = await callerFor({ via: from, from: edge, to: "sip:+14155551111@10.0.4.10:5080" });
      const expectHz = to === "sipp" ? 700 : 1100;
      const call = await caller.call({ talkMs: 900, expectHz });
      expect(call).toMatchObject({ answered: true, code: 200, heardTone: true });
      if (to !== "sipp") expect((await agent.heard(700)).heard).toBe(true);
      expect((await agent.heard(1900)).heard).toBe(false);
      const [invite, ...more] = agent.invites();
      expect(more).toEqual([]);
      expect(headerValues(invite?.text ?? "", "From")[0]).toContain("sip:+14155550100@");
      expect(call.messages.some((m) => m.direction === "sent" && m.text.startsWith("BYE "))).toBe(true);
    },
    15_000,
  );

  test.each<Via>(["sipp", "baresip", "asterisk"])(
    "%s tells a refusal from an answer, and hears nothing",
    async (via) => {
      await agentFor({ via: "sipp", at: "10.0.4.10:5081", sipp: { answer: 486 } });
      const caller = await callerFor({ via, from: edge, to: "sip:1@10.0.4.10:5081" });
      expect(await caller.call()).toMatchObject({ answered: false, code: 486, heardTone: false });
    },
    15_000,
  );

  test.each<Via>(["sipp", "baresip", "asterisk"])(
    "%s calls over TCP from its own address",
    async (via) => {
      await agentFor({ via: "sipp", at: "10.0.4.10:5082", transport: "tcp" });
      const wire = await capture(lab, "tcp dst port 5082");
      const caller = await callerFor({ via, from: edge, to: "sip:1@10.0.4.10:5082;transport=tcp" });
      expect(await caller.call({ talkMs: 900, expectHz: 700 })).toMatchObject({
        answered: true,
        heardTone: true,
      });
      expect([...new Set((await wire.stop()).map((p) => p.source))]).toEqual([edge]);
    },
    15_000,
  );

  test("a capture shows streams, their loss, their marking and their audio", async () => {
    const wire = await capture(lab, "udp", await lab.host(edge));
    await agentFor({ via: "baresip", at: "10.0.4.10:5083" });
    const caller = await callerFor({ via: "baresip", from: edge, to: "sip:1@10.0.4.10:5083" });
    await caller.call({ talkMs: 900 });
    const streams = rtpStreams(await wire.stop());
    expect(streams).toHaveLength(2);
    for (const s of streams) {
      expect(s).toMatchObject({ lost: 0, payloadTypes: [0], dscp: [46] });
      expect(s.packets).toBeGreaterThan(20);
      expect(s.heard(s.from.startsWith(`${edge}:`) ? 700 : 1100).heard).toBe(true);
      expect(s.heard(s.from.startsWith(`${edge}:`) ? 1100 : 700).heard).toBe(false);
    }
  }, 15_000);
});
