/** What a full trunk answers, and which calls count. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { type Caller, call, hangUp } from "./kit/call.ts";
import { statusOf } from "./kit/message.ts";
import type { Party } from "./kit/party.ts";
import { agents, edgeAt, openWorld, sleep, toSarah, type World } from "./kit/world.ts";

const declined = { match: { to_user: "sales" }, refuse: { code: 603 } };
const response = { code: 486, reason: "All Lines Busy" };
const trunk = (crew_id: string, address: string, limits: object) => ({
  crew_id,
  agents,
  limits,
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: [address] },
    inbound_routes: [declined, toSarah("+14155551111")],
  },
});

let world: World;
let single: Caller;
let quick: Party;
beforeAll(async () => {
  world = await openWorld({
    trunk: { limits: { calls: 1 } },
    trunks: [
      trunk("single", "198.18.0.101", { calls: 1, response }),
      trunk("quick", "198.18.0.102", { calls_per_second: 2, response }),
    ],
  });
  single = { ...(await world.stranger(101)), callee: world.agent };
  quick = await world.stranger(102);
});
afterAll(() => world.close());

const sales = (party: Party): Promise<string> =>
  party.ask(party.make({ uri: `sip:sales@${edgeAt.address}` }));
const statusLine = (text: string): string => text.split("\r\n")[0] ?? "";

test("a full trunk answers what it is told to", async () => {
  const held = await call(single);
  const refused = await single.ask(single.make());
  expect(statusLine(refused)).toBe("SIP/2.0 486 All Lines Busy");
  expect(headerValues(refused, "Retry-After")).toEqual([]);
  expect(world.edge.records("refused").at(-1)).toMatchObject({ trunk: "single", code: 486, reason: "calls" });
  await hangUp(single, held);
});

test("without being told, 503", async () => {
  const { carrier } = world;
  const held = await call(carrier);
  expect(statusLine(await carrier.ask(carrier.make()))).toBe("SIP/2.0 503 Service Unavailable");
  await hangUp(carrier, held);
});

test("what a route refuses needs no place, also where there is none, and takes none", async () => {
  const held = await call(single);
  for (let i = 0; i < 3; i++) expect(statusOf(await sales(single))).toBe(603);
  await hangUp(single, held);
  for (let i = 0; i < 3; i++) expect(statusOf(await sales(single))).toBe(603);
  await hangUp(single, await call(single));
});

test("what a route refuses is no call of the second", async () => {
  // The edge counts by seconds of the clock.
  await sleep(1000 - (Date.now() % 1000) + 30);
  for (let i = 0; i < 5; i++) expect(statusOf(await sales(quick))).toBe(603);
  const codes = await Promise.all(Array.from({ length: 4 }, () => quick.ask(quick.make())));
  expect(codes.map(statusOf).sort()).toEqual([200, 200, 486, 486]);
  expect(world.edge.records("refused").at(-1)).toMatchObject({ reason: "calls_per_second", code: 486 });
});
