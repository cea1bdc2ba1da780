/** Without the media relay there are no calls: 503 with Retry-After, and nothing reaches an agent. An offer that no relay takes is another matter. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { soon, startRelay } from "../lab/edge.ts";
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

const offer = sdp(addresses.carrier, 17000);
test.each<[string, number, string, object]>([
  ["no tag in From", 400, "no_from_tag", { instead: { From: [`From: <sip:1@${addresses.carrier}>`] } }],
  [
    "no tag in From and no offer",
    400,
    "no_from_tag",
    { instead: { From: [`From: <sip:1@${addresses.carrier}>`] }, body: "" },
  ],
  ["no port for audio", 488, "sdp", { body: offer.replace("audio 17000", "audio 0") }],
  ["a port that is none", 488, "sdp", { body: offer.replace("audio 17000", "audio 70000") }],
  ["no version", 488, "sdp", { body: offer.replace("v=0\r\n", "") }],
  ["half an origin", 488, "sdp", { body: offer.replace(/^o=.*$/m, "o=- 1") }],
  ["no address", 488, "sdp", { body: offer.replace(/^c=.*\r\n/m, "") }],
  ["an address that is none", 488, "sdp", { body: offer.replace(/^c=.*$/m, "c=IN IP4 999.1.2.3") }],
  ["an address of many hosts", 488, "sdp", { body: offer.replace(/^c=.*$/m, "c=IN IP4 224.2.1.1/127") }],
])(
  "what no relay takes is refused as its sender's fault, not with a 503: %s",
  async (_, code, reason, change) => {
    const { carrier, edge } = world;
    const before = edge.records("refused").length;
    const answer = await carrier.ask(carrier.make(change), 6000);
    expect(statusOf(answer)).toBe(code);
    expect(headerValues(answer, "Retry-After")).toEqual([]);
    await expect
      .poll(() => edge.records("refused").slice(before), soon)
      .toMatchObject([{ trunk: "acme", code, reason }]);
    expect(await world.settle(60)).toEqual({ agent: [], third: [] });
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
