/** Without the media relay there are no calls: 503 with Retry-After; an offer that it finds broken is the sender's fault: 488. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { soon, startRelay } from "../lab/edge.ts";
import { relaySessions } from "./call-world.ts";
import { call, hangUp, within } from "./kit/call.ts";
import { sdp, statusOf } from "./kit/message.ts";
import { addresses, openWorld, sleep, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ trunk: { limits: { calls: 2 } } });
});
afterAll(() => world.close());

async function refused(change = {}): Promise<void> {
  const { carrier } = world;
  const answer = await carrier.ask(carrier.make(change), 6000);
  expect(answer).toMatch(/^SIP\/2.0 503 /);
  expect(Number(headerValues(answer, "Retry-After")[0])).toBeGreaterThan(0);
  expect(await world.settle(60)).toEqual({ agent: [], third: [] });
}

/** Milliseconds until a call is answered again. */
async function served(ms: number): Promise<number> {
  const from = Date.now();
  for (;;) {
    const dialog = await call(world.carrier).catch(() => undefined);
    if (dialog !== undefined) {
      await hangUp(world.carrier, dialog);
      await world.settle(60);
      return Date.now() - from;
    }
    if (Date.now() - from > ms) throw new Error(`no call within ${ms} ms`);
    await sleep(100);
  }
}

// More calls than the trunk may have: refused ones hold no place.
test.each([1, 2, 3])(
  "a caller without a tag in From is refused with 400, with an offer and without: %i",
  async () => {
    const { carrier, edge } = world;
    const instead = { From: [`From: <sip:1@${addresses.carrier}>`] };
    for (const change of [{ instead }, { instead, body: "" }]) {
      const before = edge.records("refused").length;
      const answer = await carrier.ask(carrier.make(change), 6000);
      expect(statusOf(answer)).toBe(400);
      expect(headerValues(answer, "Retry-After")).toEqual([]);
      await expect
        .poll(() => edge.records("refused").slice(before), soon)
        .toMatchObject([{ trunk: "acme", code: 400, reason: "no_from_tag" }]);
      expect(await world.settle(60)).toEqual({ agent: [], third: [] });
    }
  },
);

test("a relay that hangs: refused within seconds, and served again once it goes on", async () => {
  const { edge } = world;
  await served(1000);
  edge.rtpengine?.kill("SIGSTOP");
  const from = Date.now();
  // More than the trunk's limit: refused calls hold no place.
  for (let i = 0; i < 4; i++) await refused();
  expect((Date.now() - from) / 4).toBeLessThan(4000);
  edge.rtpengine?.kill("SIGCONT");
  expect(await served(5000)).toBeLessThan(5000);
}, 40_000);

test("a call without an offer is refused as well", async () => {
  const { edge } = world;
  edge.rtpengine?.kill("SIGSTOP");
  await refused({ body: "" }).finally(() => edge.rtpengine?.kill("SIGCONT"));
  expect(await served(5000)).toBeLessThan(5000);
}, 40_000);

test("a relay that dies during a call: re-INVITE is refused, BYE still ends it; a new relay serves new calls", async () => {
  const { edge, carrier, lab } = world;
  const dialog = await call(carrier);
  await world.settle(60);
  edge.rtpengine?.kill("SIGKILL");
  await edge.rtpengine?.exited;
  await refused();
  const again = await carrier.ask(
    within(carrier, dialog, "INVITE", { body: sdp(addresses.carrier, 17100) }),
    6000,
  );
  expect(statusOf(again)).toBeGreaterThanOrEqual(500);
  expect((await world.settle(60)).agent).toEqual([]);
  expect(statusOf(await carrier.ask(within(carrier, dialog, "BYE", { cseq: 3 }), 6000))).toBe(200);
  const relay = await startRelay(lab, edge.runtime, edge.folder);
  expect(await served(5000)).toBeLessThan(5000);
  await relay.stop();
}, 40_000);

test("the record names trunk and reason", async () => {
  const record = () => world.edge.records("refused").find((r) => r.reason === "no_media_relay");
  await expect.poll(record, soon).toMatchObject({ trunk: "acme", code: 503, route: "+14155551111" });
});

describe.each(["6.1", "6.0", "5.6"] as const)(
  "engine line %s: an offer that the relay cannot read",
  (engine) => {
    let here: World;
    beforeAll(async () => {
      here = await openWorld({ engine });
    }, 600_000);
    afterAll(() => here.close());
    const fine = sdp(addresses.carrier);
    test.each([
      ["a line that is none", fine.replace("s=-", "junk")],
      ["an address that is none", fine.replaceAll(`IP4 ${addresses.carrier}`, "IP4 nowhere")],
      ["no address at all", fine.replace(/^c=.*\r\n/m, "")],
      ["a port that is none", fine.replace("m=audio 17000", "m=audio many")],
    ])("%s: refused as such, and no session is left", async (_, body) => {
      const { carrier, edge, lab } = here;
      const answer = await carrier.ask(carrier.make({ body }), 6000);
      expect(answer).toMatch(/^SIP\/2.0 488 /);
      expect(headerValues(answer, "Retry-After")).toEqual([]);
      expect(await here.settle(60)).toEqual({ agent: [], third: [] });
      await expect
        .poll(() => edge.records("refused").at(-1), soon)
        .toMatchObject({ code: 488, reason: "sdp" });
      expect(await relaySessions(lab)).toEqual([]);
    });

    test("refused within a call, which goes on", async () => {
      const { carrier, lab } = here;
      const dialog = await call(carrier);
      const sessions = await relaySessions(lab);
      expect(sessions).toHaveLength(1);
      const body = fine.replace("s=-", "junk");
      const answer = await carrier.ask(within(carrier, dialog, "INVITE", { body }), 6000);
      expect(answer).toMatch(/^SIP\/2.0 488 /);
      expect(await relaySessions(lab)).toEqual(sessions);
      const again = await carrier.ask(within(carrier, dialog, "INVITE", { body: fine, cseq: 3 }), 6000);
      expect(statusOf(again)).toBe(200);
      await hangUp(carrier, { ...dialog, cseq: 3 });
      await here.settle(60);
      expect(await relaySessions(lab)).toEqual([]);
    });
  },
);
