import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { messagesOf } from "../../src/phone/message.ts";
import { capture, rtpStreams } from "./capture.ts";
import { authority, type Certificate } from "./certificates.ts";
import { type Lab, openLab } from "./netns.ts";
import { startAgent, startCaller } from "./peers.ts";
import { digitsHeard, secureOpus } from "./secure-phone.ts";
import { sipMessages } from "./sip-capture.ts";

const callerAt = "203.0.113.10";
const agentAt = "10.0.4.10";
const uri = `sip:agent@${agentAt}:5081;transport=tls`;

let lab: Lab;
let ours: Certificate;
let theirs: Certificate;
let elsewhere: Certificate;
beforeAll(async () => {
  lab = await openLab();
  const ca = await authority(lab);
  ours = await ca.issue([callerAt]);
  theirs = await ca.issue([agentAt]);
  elsewhere = await (await authority(lab)).issue([callerAt]);
}, 300_000);
afterAll(() => lab.close());

let phones = 0;
async function at(address: string, o: Partial<PhoneOptions>): Promise<Phone> {
  const name = `phone-${++phones}`;
  const as = { launcher: await lab.host(address), tools: lab.tools, dir: join(lab.dir, name), name, address };
  const made = await phone({ ...as, ...o });
  onTestFinished(() => made.stop());
  return made;
}

describe("baresip with Opus, TLS and SRTP", () => {
  test("plays and hears tones, and sends and gets digits, in both directions", async () => {
    const agent = await at(agentAt, { port: 5080, user: "agent", playHz: 1100, ...secureOpus(theirs) });
    const caller = await at(callerAt, { playHz: 700, ...secureOpus(ours) });
    const wire = await capture(lab, "ip", await lab.host(agentAt));
    expect(await caller.dial(uri)).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect([caller.heard(1100).heard, caller.heard(700).heard]).toEqual([true, false]);
    expect([agent.heard(700).heard, agent.heard(1100).heard]).toEqual([true, false]);
    caller.digits("159#");
    await expect.poll(() => digitsHeard(agent.running.lines), { timeout: 5000 }).toBe("159#");
    agent.digits("*02");
    await expect.poll(() => digitsHeard(caller.running.lines), { timeout: 5000 }).toBe("*02");
    expect(digitsHeard(agent.running.lines)).toBe("159#");
    caller.hangUp();
    await caller.ended(2000);
    const [invite] = messagesOf(agent.messages(), "INVITE");
    expect(invite?.text).toMatch(/m=audio \d+ RTP\/SAVP 9\d 101\n/);
    expect(invite?.text).toMatch(/a=rtpmap:9\d opus\/48000\/2/);
    expect(invite?.text).toMatch(/a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/);
    const packets = await wire.stop();
    expect(sipMessages(packets)).toEqual([]);
    const streams = rtpStreams(packets);
    expect(streams).toHaveLength(2);
    for (const s of streams) {
      expect(s.payloadTypes).toEqual([expect.toSatisfy((t: number) => t >= 96 && t < 100), 101]);
      expect(s.lost).toBe(0);
    }
  }, 25_000);

  test("is a test caller and a test agent like any other", async () => {
    const agent = await startAgent(lab, {
      via: "baresip",
      at: `${agentAt}:5080`,
      baresip: secureOpus(theirs),
    });
    onTestFinished(() => agent.stop());
    const caller = await startCaller(lab, {
      via: "baresip",
      from: callerAt,
      to: uri,
      baresip: secureOpus(ours),
    });
    onTestFinished(() => caller.stop());
    expect(await caller.call()).toMatchObject({ answered: true, heardTone: true });
    expect((await agent.heard(700)).heard).toBe(true);
  }, 20_000);

  test("takes no call without keys, and none without Opus", async () => {
    await at(agentAt, { port: 5080, user: "agent", ...secureOpus(theirs) });
    const tls = { certificateAndKey: ours.both, ca: ours.ca };
    const plain = await at(callerAt, { codecs: ["opus/48000/2"], tls });
    expect(await plain.dial(uri)).toMatchObject({ answered: false, code: 488 });
    const narrow = await at(callerAt, { port: 5070, tls, mediaEncryption: "srtp-mand" });
    expect(await narrow.dial(uri)).toMatchObject({ answered: false, code: 488 });
  }, 20_000);

  test("calls nobody whose certificate is of another authority", async () => {
    const agent = await at(agentAt, { port: 5080, user: "agent", ...secureOpus(theirs) });
    const distrusting = await at(callerAt, secureOpus(elsewhere));
    const call = await distrusting.dial(uri, 3000);
    expect(call.answered).toBe(false);
    expect(agent.messages()).toEqual([]);
  }, 20_000);
});
