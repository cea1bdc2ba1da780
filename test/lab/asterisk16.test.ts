import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { type Asterisk, startAsterisk } from "./asterisk.ts";
import { type Asterisk16, startAsterisk16 } from "./asterisk16.ts";
import { type Lab, openLab } from "./netns.ts";

const trunkAt = "198.51.100.7";
const pbxAt = "203.0.113.10";
const deskAt = "203.0.113.20";
const extension = "4155550100";

let lab: Lab;
let far: Asterisk;
let pbx: Asterisk16;
let desk: Phone;
beforeAll(async () => {
  lab = await openLab({ names: { "sip.example.com": trunkAt } });
  const secret = "se;cret";
  far = await startAsterisk(
    lab,
    "far",
    {
      address: trunkAt,
      trunks: { pbx: { address: pbxAt, challenge: { username: "your_crew_id", password: secret } } },
      agent: { hz: 1100 },
      numbers: { "14155550017": { does: { cause: 17 } } },
    },
    await lab.host(trunkAt),
  );
  pbx = await startAsterisk16(lab, "pbx", {
    address: pbxAt,
    host: "sip.example.com",
    secret,
    phones: { [extension]: "pw" },
  });
  desk = await phone({
    launcher: await lab.host(deskAt),
    tools: lab.tools,
    dir: join(lab.dir, "desk"),
    name: "desk",
    address: deskAt,
    user: extension,
    domain: pbxAt,
    auth: { username: extension, password: "pw" },
    register: 60,
    playHz: 700,
  });
}, 300_000);
afterAll(() => lab.close());

describe("Asterisk 16 with the documented chan_sip example", () => {
  test("is what it says, and finds its trunk by OPTIONS", async () => {
    expect(await pbx.cli("core show version")).toMatch(/^Asterisk 16\.28\.0/m);
    await expect.poll(() => pbx.peer("crew-trunk"), { timeout: 5000 }).toMatch(/^OK \(\d+ ms\)/);
    expect(await pbx.peer("nobody")).toBe("");
  }, 15_000);

  test("places a call through a digest challenge, tones heard both ways", async () => {
    await expect.poll(() => pbx.peer("crew-trunk"), { timeout: 5000 }).toMatch(/^OK/);
    const call = await pbx.call({ to: "14155551111", from: "4930123456", hz: 700, talkMs: 1200 });
    expect(call).toMatchObject({ answered: true, status: "ANSWER" });
    await expect.poll(() => call.heard(1100).heard).toBe(true);
    expect(call.heard(700).heard).toBe(false);
    const arrival = await far.incoming(1000);
    expect(arrival).toMatchObject({ to: "14155551111", from: "4930123456", trunk: "pbx" });
    await expect.poll(() => arrival.heard(700).heard).toBe(true);
    const invites = messagesOf(pbx.messages(), "INVITE").filter((m) => m.direction === "sent");
    expect(invites.map((m) => headerValues(m.text, "Authorization").length)).toEqual([0, 1]);
    expect(headerValues(invites[0]?.text ?? "", "From")[0]).toContain("@sip.example.com");
  }, 15_000);

  test("tells that the other side is busy", async () => {
    const call = await pbx.call({ to: "14155550017" });
    expect(call).toMatchObject({ answered: false, code: 486, status: "BUSY" });
  }, 15_000);

  test("answers a call with a telephone behind it", async () => {
    await expect.poll(() => pbx.cli("sip show peers"), { timeout: 5000 }).toContain(`${deskAt} `);
    const call = await far.call({ trunk: "pbx", to: extension, hz: 1900, talkMs: 1500 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(700).heard).toBe(true);
    expect(desk.heard(1900).heard).toBe(true);
    // chan_sip takes itself out of the media where nothing forbids it: the trunk is told the telephone's own address.
    const again = messagesOf(far.messages(), "INVITE").filter((m) => /^To:.*;tag=/m.test(m.text));
    expect(again.some((m) => m.direction === "received" && m.text.includes(`c=IN IP4 ${deskAt}`))).toBe(true);
  }, 15_000);

  test("lets the telephone call out, and calls no number that nobody has", async () => {
    await expect.poll(() => pbx.cli("sip show peers"), { timeout: 5000 }).toContain(`${deskAt} `);
    const out = await desk.dial(`sip:14155551111@${pbxAt}`);
    expect(out).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    desk.hangUp();
    await desk.ended(2000);
    expect(desk.heard(1100).heard).toBe(true);
    const lost = await far.call({ trunk: "pbx", to: "4155550999" });
    expect(lost.answered).toBe(false);
  }, 15_000);
});
