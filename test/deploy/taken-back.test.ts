/** A call that a process sets up when its deployment is taken back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeployLab, openDeployLab } from "./edge.ts";

const [number, fresh] = ["+14155551111", "+14155552222"];
const talkMs = 4000;

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab({}, { ringMs: 1000 });
  edge.configure([number]);
  expect((await edge.deploy()).code).toBe(0);
});
afterAll(() => edge.close());

test.each([
  ["by the guard, since the deployer was killed", "SIGKILL"],
  ["by the deployer, since it was interrupted", "SIGINT"],
] as const)("%s: it is answered, lasts and ends properly", async (_by, signal) => {
  const before = await edge.status();
  edge.configure([number, fresh]);
  const deployer = await edge.startDeploy();
  await deployer.waitFor(/^proof call/, 30_000);
  deployer.kill("SIGSTOP");
  // Only the new process knows the number.
  const call = edge.call(fresh, talkMs);
  await new Promise((resolve) => setTimeout(resolve, 300));
  deployer.kill(signal);
  deployer.kill("SIGCONT");
  await deployer.exited;
  await expect.poll(async () => (await edge.status()).activating, { timeout: 30_000 }).toBeUndefined();
  expect(await edge.status()).toMatchObject({ state: "up", generation: before.generation });
  expect(await call).toMatchObject({ ok: 1, failed: 0, codes: { 200: 1 } });
  expect((await edge.call(fresh)).codes).toEqual({ 404: 1 });
  expect((await edge.call(number)).codes).toEqual({ 200: 1 });
});
