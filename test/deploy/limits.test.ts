/** What counts towards a limit is right after a swap, after the death of Kamailio, and when a call's media ends without a BYE. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SippResult } from "../../src/phone/sipp.ts";
import { relaySessions } from "../e2e/call-world.ts";
import { type DeployLab, groups, killKamailio, openDeployLab } from "./edge.ts";

const number = "+14155551111";
const calls = 2;

let edge: DeployLab;
let round = 0;

/** Every configuration has one number more: the route table changes, and with it the generation. */
function configure(more: object = {}): void {
  round += 1;
  const inbound_routes = [number, ...Array.from({ length: round }, (_, i) => `+1415555${3000 + i}`)].map(
    (to_uri) => ({ match: { to_uri }, agent_id: "sarah" }),
  );
  const trunk = {
    crew_id: "test",
    agents: { sarah: { uri: "sip:127.0.0.3:5080" } },
    sip: {
      auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
      inbound_routes,
      codecs: [{ name: "PCMU", priority: 1 }],
    },
    limits: { calls, ...more },
  };
  edge.configure([], {}, { trunks: [trunk] });
}

beforeAll(async () => {
  edge = await openDeployLab();
  configure();
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
});
afterAll(() => edge.close());

const refused = { 503: 1 };
const place = async () => (await edge.call(number)).codes;

/** Fills the trunk with calls of so many milliseconds; gives their end. */
async function fill(talkMs: number): Promise<{ readonly end: Promise<SippResult> }> {
  const end = edge.call(number, talkMs, { calls });
  const sessions = async () => (await relaySessions(edge.lab)).length;
  await expect.poll(sessions, { timeout: 5000, interval: 50 }).toBe(calls);
  return { end };
}
const all = { codes: { 200: calls }, failed: 0 };

/** As many calls as allowed have a place. */
async function exactly(): Promise<void> {
  const held = await fill(2000);
  expect(await place()).toEqual(refused);
  expect(await held.end).toMatchObject(all);
}

/** Ends a session as the media timeout does: nobody is told. */
async function endSessions(): Promise<void> {
  const socket = await edge.lab.udp("127.0.0.1");
  for (const id of await relaySessions(edge.lab)) {
    const message = `d7:call-id${Buffer.byteLength(id)}:${id}7:command6:deletee`;
    await socket.send(`${Math.random()} ${message}`, { address: "127.0.0.1", port: 2223 });
    await socket.receive(2000);
  }
  await socket.close();
}

test("calls count as before after a swap, and free their places there", async () => {
  const held = await fill(25_000);
  const stream = edge.call(number, 100, { calls: 240, rate: 20 });
  configure();
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
  expect((await edge.call(number, 100, { calls: 20 })).codes).toEqual({ 503: 20 });
  expect((await stream).codes).toEqual({ 503: 240 });
  expect(await held.end).toMatchObject(all);
  await exactly();
});

test("a limit that comes with a swap counts the calls that there are", async () => {
  const held = await fill(25_000);
  configure({ inbound: { calls: 1 } });
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
  expect(await place()).toEqual(refused);
  expect(await held.end).toMatchObject(all);
  configure();
  expect((await edge.deploy()).code).toBe(0);
  await exactly();
});

test("calls count as before after the death of Kamailio, from the first call on", async () => {
  const held = await fill(10_000);
  const stream = edge.call(number, 100, { calls: 150, rate: 50 });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await killKamailio(edge.lab);
  expect((await stream).codes).toEqual({ 503: 150 });
  expect((await edge.call(number, 100, { calls: 20 })).codes).toEqual({ 503: 20 });
  expect(await held.end).toMatchObject(all);
  await exactly();
});

test("calls whose media ended give their places back, and the BYE that comes late nothing more", async () => {
  const held = await fill(25_000);
  expect(await place()).toEqual(refused);
  // Media does not time out before the guard has looked.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await endSessions();
  await expect.poll(place, { timeout: 12_000, interval: 300 }).toEqual({ 200: 1 });
  const next = await fill(25_000);
  expect(await held.end).toMatchObject(all);
  expect(await place()).toEqual(refused);
  expect(await next.end).toMatchObject(all);
  await exactly();
});

test("the death of the guard changes no counter", async () => {
  const held = await fill(20_000);
  const [guard] = (await groups(edge.lab, /^\S*node .*guard/)).keys();
  await edge.lab.signal(guard ?? 0, "SIGKILL");
  expect(await place()).toEqual(refused);
  expect(await held.end).toMatchObject(all);
  await exactly();
});
