import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type SippOptions, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { type Asterisk, startAsterisk } from "./asterisk.ts";
import { type Lab, openLab, type Place } from "./netns.ts";

const carrier = "203.0.113.10";
const agent = "10.0.4.10";

let lab: Lab;
let agents: Place;
let pbx: Asterisk;
let voice: Asterisk;
beforeAll(async () => {
  lab = await openLab();
  const callers = await lab.host(carrier);
  agents = await lab.host(agent);
  const auth = { username: "acme", password: "s3;cret" };
  [pbx, voice] = await Promise.all([
    startAsterisk(
      lab,
      "pbx",
      {
        address: carrier,
        trunks: {
          voice: { address: agent, port: 5080, auth },
          voice_tcp: { address: agent, port: 5080, transport: "tcp", auth },
          wrong: { address: agent, port: 5080, auth: { ...auth, password: "wrong" } },
          sipp: { address: agent, port: 5090 },
        },
        agent: "echo",
      },
      callers,
    ),
    startAsterisk(
      lab,
      "voice",
      {
        address: agent,
        port: 5080,
        trunks: { pbx: { address: carrier, challenge: auth } },
        agent: { hz: 1100 },
        ringMs: 100,
        rtpPorts: [24000, 24998],
      },
      agents,
    ),
  ]);
}, 300_000);
afterAll(() => lab.close());

const as = (name: string): SippOptions => ({
  launcher: agents,
  tools: lab.tools,
  dir: join(lab.dir, "sipp"),
  name,
  address: "",
});

describe("Asterisk", () => {
  test("calls another Asterisk through a digest challenge, tones heard both ways", async () => {
    const call = await pbx.call({
      to: "+14155551111",
      trunk: "voice",
      from: "+4930123456",
      hz: 700,
      talkMs: 1200,
    });
    expect(call).toMatchObject({ answered: true, status: "ANSWER" });
    expect(messagesOf(pbx.messages(), 180)).not.toEqual([]);
    await expect.poll(() => call.heard(1100).heard).toBe(true);
    expect(call.heard(700).heard).toBe(false);
    const arrival = await voice.incoming(1000);
    expect(arrival).toMatchObject({
      to: "+14155551111",
      from: "+4930123456",
      trunk: "pbx",
      codecs: ["ulaw", "alaw"],
    });
    await expect.poll(() => arrival.heard(700).heard).toBe(true);
    expect(arrival.heard(1100).heard).toBe(false);
  }, 15_000);

  test("calls over TCP", async () => {
    expect(await pbx.call({ to: "2", trunk: "voice_tcp", talkMs: 100 })).toMatchObject({ answered: true });
    const received = voice
      .messages()
      .filter((m) => m.direction === "received" && m.text.startsWith("INVITE sip:2@"));
    expect(received.map((m) => headerValues(m.text, "Via")[0])).toContainEqual(
      expect.stringMatching(/^SIP\/2.0\/TCP 203/),
    );
  }, 15_000);

  test("is not let in with a wrong password", async () => {
    const call = await pbx.call({ to: "3", trunk: "wrong" });
    expect(call.answered).toBe(false);
    expect(call.heard(1100)).toMatchObject({ heard: false, of: 0 });
  }, 15_000);

  test.each<[string, Callee, number, string]>([
    ["busy", { ringMs: 50, answer: 486 }, 486, "BUSY"],
    ["unavailable", { answer: 503 }, 503, "CONGESTION"],
  ])(
    "tells that a SIPp is %s",
    async (_, behaviour, code, status) => {
      const uas = await sippAgent({ ...as("busy"), address: agent, port: 5090 }, behaviour);
      expect(await pbx.call({ to: "4", trunk: "sipp" })).toMatchObject({ answered: false, code, status });
      await uas.stop();
    },
    15_000,
  );

  test("cancels a SIPp that rings on, with the headers it was given", async () => {
    const uas = await sippAgent({ ...as("ringing"), address: agent, port: 5090 }, { ringMs: 5000 });
    const headers = { "X-Customer-ID": "42", "X-Note": "a, b" };
    const call = await pbx.call({ to: "5", trunk: "sipp", ringSeconds: 1, headers });
    expect(call).toMatchObject({ answered: false, status: "NOANSWER" });
    await expect.poll(() => uas.events().map((e) => e.event)).toEqual(["invited", "cancelled"]);
    expect(uas.messages()[0]?.text).toMatch(/X-Customer-ID: 42\r\n[\s\S]*X-Note: a, b\r\n/);
    await uas.stop();
  }, 15_000);

  test("hears its tone come back from an echoing SIPp", async () => {
    const uas = await sippAgent({ ...as("echo"), address: agent, port: 5090, echo: true });
    const call = await pbx.call({ to: "6", trunk: "sipp", hz: 1900, talkMs: 1000 });
    await expect.poll(() => call.heard(1900).heard).toBe(true);
    expect(call.heard(700).heard).toBe(false);
    await uas.stop();
  }, 15_000);

  test("answers a SIPp and a baresip, and echoes", async () => {
    const from = { ...as("in"), address: agent, port: 5090, remote: `${carrier}:5060`, rtpPort: 18000 };
    expect(await sippCall(from, caller({ to: "7", talkMs: 50 }))).toMatchObject({ ok: 1, codes: { 200: 1 } });
    expect(await pbx.incoming(1000)).toMatchObject({ to: "7", trunk: "sipp" });
    const b = await phone({
      launcher: agents,
      tools: lab.tools,
      dir: join(lab.dir, "b"),
      name: "b",
      address: agent,
      port: 5092,
      playHz: 700,
    });
    expect(await b.dial(`sip:8x@${carrier}`)).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    b.hangUp();
    await b.ended(2000);
    expect([b.heard(700).heard, b.heard(1100).heard]).toEqual([true, false]);
    await b.stop();
  }, 15_000);
});
