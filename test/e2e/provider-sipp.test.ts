/** SIPp as the provider: calls in both directions with audio, in each way that providers offer and answer. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { codecs } from "../../src/phone/sipp-xml.ts";
import { startCaller } from "../lab/peers.ts";
import { agentsSide, hungUp, hz, openProvider, outside, type ProviderWorld } from "./provider-world.ts";

let world: ProviderWorld;
beforeAll(async () => {
  world = await openProvider({ agent: ["100rel=peer_supported"] });
});
afterAll(() => world?.close());

const bothHear = { ok: true, code: 200, heard: { provider: true, agent: true } };

describe("over UDP with G.711", () => {
  test.each(["pcmu", "pcma"] as const)("it is called, and answers with %s", async (codec) => {
    const provider = await world.answers({ sdp: { codecs: [codecs[codec]] } });
    const call = await world.callsOut();
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).heard).toBe(true);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("it calls", async () => {
    expect(await world.callsIn()).toMatchObject(bothHear);
  });
});

describe("with reliable responses and PRACK (RFC 3262)", () => {
  test("it is called, and insists on them", async () => {
    const provider = await world.answers({ reliable: true });
    const call = await world.callsOut();
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(hz.agent).heard).toBe(true);
    const [prack] = messagesOf(provider.messages(), "PRACK");
    const [invite] = messagesOf(provider.messages(), "INVITE");
    expect(headerValues(prack?.text ?? "", "RAck")).toEqual([
      `1 ${headerValues(invite?.text ?? "", "CSeq")[0]}`,
    ]);
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("it calls, and acknowledges the agent's", async () => {
    const call = await world.callsIn({ prack: true });
    expect(call).toMatchObject(bothHear);
    const [progress] = messagesOf(call.messages, 183);
    expect(headerValues(progress?.text ?? "", "Require").join()).toContain("100rel");
  });
});

describe("with the offer in the 200 and the answer in the ACK (RFC 3261 section 13.2.1)", () => {
  test("it is called", async () => {
    const provider = await world.answers();
    const agent = await startCaller(world.lab, {
      via: "sipp",
      from: "10.0.4.10:5090",
      to: `sip:${outside}@${agentsSide.address}:${agentsSide.port}`,
      sipp: { sdp: "none" },
    });
    expect(await agent.call({ expectHz: 700 })).toMatchObject({ answered: true, heardTone: true });
    expect(messagesOf(provider.messages(), "INVITE")[0]?.text).not.toContain("m=audio");
    expect(messagesOf(provider.messages(), "ACK")[0]?.text).toContain("m=audio");
    await hungUp(provider);
    expect(provider.errors()).toBe("");
  });

  test("it calls", async () => {
    const call = await world.callsIn({ sdp: "none" });
    expect(call).toMatchObject(bothHear);
    expect(messagesOf(call.messages, "INVITE")[0]?.text).not.toContain("m=audio");
  });
});
