/** The reserve of media ports holds through a swap and through the death of Kamailio, where no trunk has a limit of its own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { relaySessions } from "../e2e/call-world.ts";
import { type DeployLab, killKamailio, openDeployLab } from "./edge.ts";

const number = "+14155551111";
/** What a range for three calls leaves to those that come in, where one is kept for agents. */
const calls = 2;
const network = { rtp: [30_000, 30_011], rtp_reserve: { outbound: 1 } };

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab();
  edge.configure([number], {}, { network });
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
});
afterAll(() => edge.close());

const place = async () => (await edge.call(number)).codes;
const refused = { 503: 1 };

test("calls keep their ports before a swap, after it, and after the death of Kamailio", async () => {
  const end = edge.call(number, 30_000, { calls });
  const sessions = async () => (await relaySessions(edge.lab)).length;
  await expect.poll(sessions, { timeout: 5000, interval: 50 }).toBe(calls);
  expect(await place()).toEqual(refused);
  edge.configure([number, "+14155552222"], {}, { network });
  const deployed = await edge.deploy();
  expect(deployed.code, deployed.output).toBe(0);
  expect(await place()).toEqual(refused);
  await killKamailio(edge.lab);
  expect(await place()).toEqual(refused);
  expect(await end).toMatchObject({ codes: { 200: calls }, failed: 0 });
  const again = edge.call(number, 2000, { calls });
  await expect.poll(sessions, { timeout: 5000, interval: 50 }).toBe(calls);
  expect(await place()).toEqual(refused);
  expect(await again).toMatchObject({ codes: { 200: calls }, failed: 0 });
}, 120_000);
