/** A deployment proves itself with a plain call that passes, whatever the trunks transcode and encrypt. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeployLab, openDeployLab } from "./edge.ts";

let edge: DeployLab;
beforeAll(async () => {
  edge = await openDeployLab();
});
afterAll(() => edge.close());

test.each([
  ["encrypted media", { media_encryption: "allowed", keys_over_clear_signalling: true }],
  ["transcoding", { transcode: "always", codecs: [{ name: "PCMU" }, { name: "opus", sample_rate: 16000 }] }],
])("with %s", async (_, sip) => {
  edge.configure(["+14155551111"], sip);
  const deployed = await edge.deploy();
  expect(deployed, deployed.output).toMatchObject({ code: 0, data: { proof: { ok: true } } });
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
});
