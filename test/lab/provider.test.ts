import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Asterisk, startAsterisk } from "./asterisk.ts";
import { capture, rtpStreams } from "./capture.ts";
import { authority, type Certificate } from "./certificates.ts";
import { type Lab, openLab } from "./netns.ts";
import { providerHz, startProvider } from "./provider.ts";

const providerAt = "203.0.113.50";
const secureAt = "203.0.113.51";
const pbxAt = "198.51.100.20";
const phoneAt = "198.51.100.30";
const acme = { username: "acme", password: "s3;cret" };

let lab: Lab;
let provider: Asterisk;
let secure: Asterisk;
let pbx: Asterisk;
let own: Certificate;
beforeAll(async () => {
  lab = await openLab({ names: { "provider.example.com": providerAt } });
  const ca = await authority(lab);
  const theirs = await ca.issue(["provider.example.com", secureAt]);
  own = await ca.issue([phoneAt]);
  const pbxOwn = await ca.issue([pbxAt]);
  const users = { acme: { password: acme.password }, sarah: { password: "pw" } };
  const tls = { certificate: theirs.certificate, key: theirs.key };
  const customer = { address: providerAt, auth: acme, fromUser: "acme", fromDomain: "provider.example.com" };
  [provider, secure] = await Promise.all([
    startProvider(lab, "provider", { address: providerAt, users, algorithms: ["SHA-256"] }),
    startProvider(lab, "secure", {
      address: secureAt,
      users: {
        sarah: { password: "pw", mediaEncryption: "sdes" },
        marcus: { password: "pw", mediaEncryption: "sdes" },
      },
      tls,
    }),
  ]);
  // After the provider: a first REGISTER that nobody answers would be repeated seconds later.
  pbx = await startAsterisk(
    lab,
    "pbx",
    {
      address: pbxAt,
      trunks: {
        provider: { ...customer, register: true },
        stranger: { ...customer, auth: { ...acme, password: "wrong" }, register: true },
        secure: {
          address: secureAt,
          port: 5061,
          transport: "tls",
          auth: { username: "marcus", password: "pw" },
          register: true,
          mediaEncryption: "sdes",
          fromUser: "marcus",
        },
      },
      numbers: { "+14155551111": { does: { hz: 1100 } } },
      tls: { certificate: pbxOwn.certificate, key: pbxOwn.key, ca: pbxOwn.ca },
    },
    await lab.host(pbxAt),
  );
}, 300_000);
afterAll(() => lab.close());

describe("a provider", () => {
  test("lets a PBX register with a password, and calls it over the registration", async () => {
    await expect.poll(() => pbx.registered("provider"), { timeout: 5000 }).toBe(true);
    expect(await provider.contacts("acme")).toEqual([`sip:acme@${pbxAt}:5060`]);
    expect(await provider.contacts("sarah")).toEqual([]);
    await expect.poll(() => pbx.cli("pjsip show registrations")).toMatch(/stranger-reg\/.* Rejected/);
    expect(await pbx.registered("stranger")).toBe(false);
    const call = await provider.call({ trunk: "acme", to: "+14155551111", hz: 700, talkMs: 1000 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(1100).heard).toBe(true);
    const arrival = await pbx.incoming(1000);
    expect(arrival).toMatchObject({ to: "+14155551111", trunk: "provider" });
    await expect.poll(() => arrival.heard(700).heard).toBe(true);
  }, 20_000);

  test("calls the bare contact where asked", async () => {
    await expect.poll(() => pbx.registered("provider"), { timeout: 5000 }).toBe(true);
    const call = await provider.call({ trunk: "acme", to: "1", asRegistered: true, hz: 700, talkMs: 1000 });
    expect(call).toMatchObject({ answered: true });
    expect(await pbx.incoming(1000)).toMatchObject({ to: "acme" });
    await expect.poll(() => call.heard(700).heard).toBe(true);
  }, 20_000);

  test("is called by a PBX over TLS with SRTP, and calls it back so", async () => {
    await expect.poll(() => pbx.registered("secure"), { timeout: 5000 }).toBe(true);
    expect(await secure.contacts("marcus")).toEqual([`sip:marcus@${pbxAt}:5061;transport=TLS`]);
    const out = await pbx.call({ to: "+14155550002", trunk: "secure", talkMs: 1000 });
    expect(out).toMatchObject({ answered: true });
    await expect.poll(() => out.heard(providerHz).heard).toBe(true);
    const back = await secure.call({ trunk: "marcus", to: "+14155551111", talkMs: 1000 });
    expect(back).toMatchObject({ answered: true });
    await expect.poll(() => back.heard(1100).heard).toBe(true);
    for (const m of messagesOf(secure.messages(), "INVITE")) {
      expect(headerValues(m.text, "Via")[0]).toMatch(/^SIP\/2.0\/TLS /);
      expect(m.text).toMatch(/RTP\/SAVP[\s\S]*a=crypto:/);
    }
  }, 20_000);

  test("calls nobody who has not registered", async () => {
    const call = await provider.call({ trunk: "sarah", to: "+14155551111" });
    expect(call).toMatchObject({ answered: false, status: "CHANUNAVAIL" });
  }, 20_000);

  test.each([
    ["plays a tone", "+14155550002", { answered: true }, providerHz],
    ["echoes", "+14155550001", { answered: true }, 700],
    ["rings first", "+14155550003", { answered: true }, providerHz],
    ["is busy", "+14155550017", { answered: false, code: 486 }, 0],
    ["is not assigned", "+14155550018", { answered: false, code: 404 }, 0],
    ["is congested", "+14155550034", { answered: false, code: 503 }, 0],
    ["declines", "+14155550021", { answered: false, code: 403 }, 0],
  ] as const)(
    "has a number that %s",
    async (_, to, expected, hz) => {
      const call = await pbx.call({ to, trunk: "provider", hz: 700, talkMs: 1000 });
      expect(call).toMatchObject(expected);
      if (hz !== 0) await expect.poll(() => call.heard(hz).heard).toBe(true);
      expect(call.heard(1700).heard).toBe(false);
      if (to === "+14155550003") expect(call.answerMs).toBeGreaterThanOrEqual(1990);
    },
    20_000,
  );

  test("challenges each call in its realm and takes no wrong password", async () => {
    const before = pbx.messages().length;
    expect(await pbx.call({ to: "+14155550001", trunk: "stranger" })).toMatchObject({ answered: false });
    const challenges = messagesOf(pbx.messages().slice(before), 401);
    expect(challenges.length).toBeGreaterThan(0);
    for (const m of challenges)
      expect(headerValues(m.text, "WWW-Authenticate")).toEqual([
        expect.stringMatching(/realm="provider.example.com".*algorithm=SHA-256/),
      ]);
  }, 20_000);

  test("is cancelled while it rings on", async () => {
    const call = await pbx.call({ to: "+14155550004", trunk: "provider", ringSeconds: 1 });
    expect(call).toMatchObject({ answered: false, status: "NOANSWER" });
    await expect.poll(() => messagesOf(provider.messages(), "CANCEL").length).toBe(1);
  }, 20_000);

  test("takes registrations and calls over TLS with SRTP, and calls back so", async () => {
    const sarah: Phone = await phone({
      launcher: await lab.host(phoneAt),
      tools: lab.tools,
      dir: join(lab.dir, "sarah"),
      name: "sarah",
      address: phoneAt,
      user: "sarah",
      domain: "provider.example.com",
      // baresip asks a name server for names, and there is none.
      outbound: `sip:${secureAt}:5061;transport=tls`,
      auth: { username: "sarah", password: "pw" },
      register: 60,
      playHz: 700,
      mediaEncryption: "srtp-mand",
      tls: { certificateAndKey: own.both, ca: own.ca },
    });
    await expect
      .poll(() => secure.contacts("sarah"), { timeout: 5000 })
      .toEqual([expect.stringMatching(/^sip:sarah.*@198\.51\.100\.30:\d+;transport=tls/)]);
    const wire = await capture(lab, "ip", await lab.host(phoneAt));
    const out = await sarah.dial("sip:+14155550002@provider.example.com");
    expect(out).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    sarah.hangUp();
    await sarah.ended(2000);
    expect(sarah.heard(providerHz).heard).toBe(true);
    const back = await secure.call({ trunk: "sarah", to: "1", asRegistered: true, hz: 1900, talkMs: 1000 });
    expect(back).toMatchObject({ answered: true });
    await expect.poll(() => back.heard(700).heard).toBe(true);
    expect(messagesOf(secure.messages(), "INVITE").at(-1)?.text).toMatch(/RTP\/SAVP[\s\S]*a=crypto:/);
    const packets = await wire.stop();
    expect(packets.some((p) => p.payload.includes("INVITE"))).toBe(false);
    expect(rtpStreams(packets).length).toBeGreaterThanOrEqual(4);
    await sarah.stop();
  }, 30_000);
});
