/** An agent that says 100 and nothing more is given up after the route's `ring_timeout`, as one that rings for ever. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { draft, edgeAt, number, openWorld, toAgent, type World } from "./call-world.ts";
import { accepts, onlyTries } from "./kit/behaviours.ts";
import { dialogOf, within } from "./kit/call.ts";
import { statusOf, unique } from "./kit/message.ts";
import { type Server, sipServer } from "./kit/server.ts";

const carrierAt = "203.0.113.10";

let world: World;
let carrier: Server;
let hung: Server;
let spare: Server;
beforeAll(async () => {
  const agents = { hung: { uri: "sip:10.0.4.10:5080" }, spare: { uri: "sip:10.0.4.11:5080" } };
  const route = toAgent(0, "hung", { ring_timeout: 2, on_failure: [{ agent_id: "spare" }] });
  world = await openWorld(draft(agents, [route]));
  carrier = await sipServer(await world.lab.host(carrierAt), carrierAt, 5060, accepts());
  hung = await sipServer(await world.lab.host("10.0.4.10"), "10.0.4.10", 5080, onlyTries, accepts());
  spare = await sipServer(await world.lab.host("10.0.4.11"), "10.0.4.11", 5080, accepts());
}, 300_000);
afterAll(async () => {
  for (const party of [carrier, hung, spare]) await party?.close();
  await world?.close();
});

test("the next agent has the call, and the first one a CANCEL", async () => {
  shows("behaviour/08-silent-peer");
  const invite = carrier.make({ uri: `sip:${number(0)}@${edgeAt.address}`, callId: unique("tries") });
  const began = Date.now();
  const answer = await carrier.ask(invite, 10_000, edgeAt);
  expect(statusOf(answer)).toBe(200);
  expect(Date.now() - began).toBeGreaterThan(1500);
  expect(Date.now() - began).toBeLessThan(6000);
  expect(hung.requests("INVITE")).toHaveLength(1);
  await hung.request("CANCEL");
  expect(spare.requests("INVITE")).toHaveLength(1);
  const dialog = dialogOf(invite, answer);
  await carrier.send(within(carrier, dialog, "ACK"), edgeAt);
  expect(statusOf(await carrier.ask(within(carrier, dialog, "BYE"), 3000, edgeAt))).toBe(200);
  expect(world.edge.records("failover")).toMatchObject([{ agent: "hung" }]);
}, 30_000);
