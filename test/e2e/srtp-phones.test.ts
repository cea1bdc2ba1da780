/** Phones that encrypt their audio and phones that do not hear each other across the edge. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { digitsHeard } from "../lab/secure-phone.ts";
import { dial, draft, openWorld, sleep, toAgent, type World } from "./call-world.ts";

const opus = "opus/48000/2";
const pcmu = "PCMU/8000/1";

let world: World;
beforeAll(async () => {
  const agents = {
    sealed: { uri: "sip:10.0.4.10:5080", codecs: ["opus"], media_encryption: "required" },
    open: { uri: "sip:10.0.4.11:5080", codecs: ["PCMU"] },
  };
  const sip = { media_encryption: "allowed", keys_over_clear_signalling: true };
  world = await openWorld(draft(agents, [toAgent(0, "sealed"), toAgent(1, "open")], sip));
}, 600_000);
afterAll(() => world.close());

let phones = 0;
async function at(address: string, o: Partial<PhoneOptions>): Promise<Phone> {
  const name = `phone-${++phones}`;
  const as = { launcher: await world.lab.host(address), tools: world.lab.tools, name, address };
  const made = await phone({ ...as, dir: join(world.lab.dir, name), ...o });
  onTestFinished(() => made.stop());
  return made;
}

/** The agent as soon as the edge knows that it is there. */
async function callee(address: string, codecs: readonly string[], o: Partial<PhoneOptions>): Promise<Phone> {
  const made = await at(address, { port: 5080, user: "agent", playHz: 1100, codecs, ...o });
  await expect.poll(async () => (await world.targets())[`${address}:5080`], { timeout: 15_000 }).toBe("AP");
  return made;
}

test.each([
  ["a plain phone", undefined, 0, "10.0.4.10", opus],
  ["an encrypting phone", "srtp-mand", 0, "10.0.4.10", opus],
  ["an encrypting phone", "srtp-mand", 1, "10.0.4.11", pcmu],
] as const)(
  "%s (%s) and the agent of number %i (%s, %s) hear each other",
  async (_, srtp, n, address, codec) => {
    shows("document/srtp");
    const secure = { mediaEncryption: "srtp-mand" } as const;
    const agent = await callee(address, [codec], n === 0 ? secure : {});
    const caller = await at("203.0.113.10", {
      playHz: 700,
      codecs: [pcmu],
      ...(srtp === undefined ? {} : secure),
    });
    expect(await caller.dial(dial(n))).toMatchObject({ answered: true });
    await sleep(1200);
    expect([caller.heard(1100).heard, caller.heard(700).heard]).toEqual([true, false]);
    expect([agent.heard(700).heard, agent.heard(1100).heard]).toEqual([true, false]);
    const [invite] = messagesOf(agent.messages(), "INVITE");
    expect(invite?.text).toMatch(n === 0 ? /^m=audio \d+ RTP\/SAVP /m : /^m=audio \d+ RTP\/AVP /m);
    if (codec === pcmu) {
      caller.digits("159#");
      await expect.poll(() => digitsHeard(agent.running.lines), { timeout: 5000 }).toBe("159#");
      agent.digits("*02");
      await expect.poll(() => digitsHeard(caller.running.lines), { timeout: 5000 }).toBe("*02");
    }
    caller.hangUp();
    await caller.ended(2000);
  },
  40_000,
);
