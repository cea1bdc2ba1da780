/** What calls and callers notice when the media relay is away, and when Kamailio dies under them. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Edge, type EdgeOptions, soon, startEdge, startRelay } from "../lab/edge.ts";
import { dial, draft, openWorld, saw, sleep, toAgent, type World } from "./call-world.ts";

const keys = { topology: "1".repeat(32), route: "2".repeat(32), nonce: "3".repeat(32) };
const options: EdgeOptions = { keys };
const config = draft({ first: { uri: "sip:10.0.4.10:5080" }, second: { uri: "sip:10.0.4.10:5081" } }, [
  toAgent(0, "first"),
  toAgent(1, "second"),
]);

let world: World;
let edge: Edge;
beforeAll(async () => {
  world = await openWorld(config, options);
  edge = world.edge;
});
afterAll(() => world.close());

async function talker(name: string, address: string, port: number, playHz: number): Promise<Phone> {
  const { lab } = world;
  const place = { launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, name), name };
  const made = await phone({ ...place, address, port, playHz });
  onTestFinished(() => made.stop());
  return made;
}

/** Kills all processes of Kamailio at once, as a crash of the host's software would, and starts it as before. */
async function crash(downMs: number): Promise<void> {
  const { code, output } = await world.lab.exec(["sh", "-c", `kill -9 -${edge.kamailio.pid}`]);
  if (code !== 0) throw new Error(output);
  await edge.kamailio.exited;
  await sleep(downMs);
  edge = await startEdge(world.lab, config, { ...options, relay: false });
}

describe("Kamailio is killed with -9 and comes back", () => {
  test.each(["caller", "agent"] as const)(
    "a call keeps its audio, and the %s's hanging up ends it for both",
    async (who) => {
      const agent = await talker(`agent-of-${who}`, "10.0.4.10", 5080, 1100);
      const caller = await talker(`caller-of-${who}`, "203.0.113.10", 5060, 700);
      expect(await caller.dial(dial(0))).toMatchObject({ answered: true });
      await agent.incoming(2000);
      const began = Date.now();
      await sleep(500);
      await crash(800);
      await sleep(700);
      const spoken = Date.now() - began;
      expect(caller.heard(1100).ms / spoken).toBeGreaterThan(0.85);
      expect(agent.heard(700).ms / spoken).toBeGreaterThan(0.85);
      const [ends, other] = who === "caller" ? [caller, agent] : [agent, caller];
      ends.hangUp();
      await other.ended(3000);
      await expect.poll(() => saw(other.messages(), "received", "BYE"), { timeout: 2000 }).toBe(true);
      await expect
        .poll(() => edge.records("ended"), { timeout: 2000 })
        .toMatchObject([{ trunk: "acme", by: who === "caller" ? "carrier" : "agent" }]);
      await expect.poll(() => world.sessions(), { timeout: 3000 }).toEqual([]);
    },
  );

  test("new calls go through at once", async () => {
    await world.agent({ via: "sipp", at: "10.0.4.10:5081" });
    const before = await world.sipp(1);
    expect(before).toMatchObject({ ok: 1, codes: { 200: 1 } });
    await crash(0);
    const after = await world.sipp(1);
    expect(after).toMatchObject({ ok: 1, codes: { 200: 1 } });
    expect(after.answerMs[0]).toBeLessThan(1000);
  });
});

describe("rtpengine is away", () => {
  test("new calls get 503 with Retry-After and nobody rings; once it is back, calls go through within a second", async () => {
    const agent = await world.agent({ via: "sipp", at: "10.0.4.10:5081" });
    await world.edge.rtpengine?.stop();
    for (const sdp of [{}, "none"] as const) {
      const began = Date.now();
      const refused = await world.sipp(1, { sdp });
      expect(refused).toMatchObject({ ok: 1, codes: { 503: 1 } });
      expect(Date.now() - began).toBeLessThan(4000);
      const [final = { text: "" }] = messagesOf(refused.messages, 503);
      expect(headerValues(final.text, "Retry-After")).toEqual(["5"]);
    }
    expect(agent.invites()).toEqual([]);
    await expect
      .poll(() => edge.records("refused").at(-1), soon)
      .toMatchObject({ code: 503, reason: "no_media_relay" });
    await startRelay(world.lab, edge.runtime, edge.folder);
    await sleep(500);
    expect(await world.sipp(1)).toMatchObject({ ok: 1, codes: { 200: 1 } });
    expect(agent.invites()).toHaveLength(1);
  });
});
