import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phone } from "../../src/phone/baresip.ts";
import { messagesOf } from "../../src/phone/message.ts";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import { startAsterisk } from "./asterisk.ts";
import { capture, rtpStreams } from "./capture.ts";
import { authority, type Certificate } from "./certificates.ts";
import { type Lab, openLab, type Place } from "./netns.ts";

let lab: Lab;
let one: Place;
let two: Place;
let first: Certificate;
let second: Certificate;
beforeAll(async () => {
  lab = await openLab({ names: { "agent.example.com": "10.0.4.10" } });
  one = await lab.host("203.0.113.10");
  two = await lab.host("10.0.4.10");
  const ca = await authority(lab);
  first = await ca.issue(["203.0.113.10"]);
  second = await ca.issue(["agent.example.com", "10.0.4.10"]);
}, 300_000);
afterAll(() => lab.close());

describe("over TLS", () => {
  test("SIPp calls SIPp", async () => {
    const as = { tools: lab.tools, dir: join(lab.dir, "sipp"), transport: "tls" } as const;
    const tls = { certificate: second.certificate, key: second.key };
    const uas = await sippAgent({ ...as, launcher: two, name: "uas", address: "10.0.4.10", port: 5061, tls });
    const to = {
      ...as,
      launcher: one,
      name: "uac",
      address: "203.0.113.10",
      remote: "10.0.4.10:5061",
      receiveMs: 3000,
    };
    const result = await sippCall(
      { ...to, tls: { certificate: first.certificate, key: first.key } },
      caller({ to: "1" }),
    );
    expect(result).toMatchObject({ ok: 1, codes: { 200: 1 } });
    expect(result.messages[0]?.text).toContain("Via: SIP/2.0/TLS 203.0.113.10");
    await uas.stop();
  }, 15_000);

  test("baresip calls Asterisk with SRTP, and the wire shows neither signalling nor tone", async () => {
    const agent = await startAsterisk(
      lab,
      "agent",
      {
        address: "10.0.4.10",
        trunks: { one: { address: "203.0.113.10", mediaEncryption: "sdes" } },
        agent: { hz: 1100 },
        tls: { certificate: second.certificate, key: second.key },
      },
      two,
    );
    const wire = await capture(lab, "ip", one);
    const p = await phone({
      launcher: one,
      tools: lab.tools,
      dir: join(lab.dir, "phone"),
      name: "phone",
      address: "203.0.113.10",
      playHz: 700,
      mediaEncryption: "srtp-mand",
      tls: { certificateAndKey: first.both, ca: first.ca },
    });
    const call = await p.dial("sip:1@10.0.4.10:5061;transport=tls");
    expect(call).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    p.hangUp();
    await p.ended(2000);
    expect(p.heard(1100).heard).toBe(true);
    await expect.poll(() => agent.lastHeard(700).heard).toBe(true);
    expect(messagesOf(agent.messages(), "INVITE")[0]?.text).toMatch(/RTP\/SAVP[\s\S]*a=crypto:/);
    const packets = await wire.stop();
    expect(packets.some((x) => x.payload.includes("INVITE"))).toBe(false);
    const streams = rtpStreams(packets);
    expect(streams.length).toBeGreaterThanOrEqual(2);
    for (const s of streams) expect(s.heard(700).heard || s.heard(1100).heard).toBe(false);
    await p.stop();
    await agent.stop();
  }, 15_000);
});

test("baresip registers at an Asterisk with a password, not with another one", async () => {
  const registrar = await startAsterisk(
    lab,
    "registrar",
    {
      address: "10.0.4.10",
      port: 5070,
      trunks: { sarah: { address: "192.0.2.1", challenge: { username: "sarah", password: "s3cret" } } },
    },
    two,
  );
  const as = {
    launcher: one,
    tools: lab.tools,
    address: "203.0.113.10",
    user: "sarah",
    domain: "10.0.4.10:5070",
    register: 60,
  };
  for (const [name, password, answers] of [
    ["right", "s3cret", [401, 200]],
    ["wrong", "other", [401, 401]],
  ] as const) {
    const p = await phone({ ...as, dir: join(lab.dir, name), name, auth: { username: "sarah", password } });
    const answered = (): readonly number[] =>
      p
        .messages()
        .filter((m) => m.direction === "received")
        .map((m) => Number(/^SIP\/2\.0 (\d+) [\s\S]*^CSeq: \d+ REGISTER/m.exec(m.text)?.[1]))
        .filter((code) => code > 0);
    // It goes on trying, so the first two are looked at.
    await expect.poll(() => answered().slice(0, 2)).toEqual(answers);
    await p.stop();
  }
  await registrar.stop();
}, 20_000);
