/** The example of an office PBX as it stands: its Asterisk behind NAT registers, dials an agent, and gets callers at its extensions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Model } from "../../src/model/model.ts";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { exampleFolder } from "../conformance/examples.ts";
import { type AsteriskPhone, asteriskFolder, runAsterisk } from "../lab/asterisk.ts";
import { asteriskFiles } from "../lab/asterisk-config.ts";
import { type Edge, soon, startModel } from "../lab/edge.ts";
import { hostBehindNat } from "../lab/nat.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { ha1Of } from "./kit/digest.ts";

const example = exampleFolder("office-pbx");
const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const inside = "192.168.1.10";
const domain = "sip.example.com";
const password = "s3cret";
const agentHz = 1100;
const callerHz = 1900;
const deskHz = 700;

let lab: Lab;
let edge: Edge;
let agent: Phone;
let caller: Phone;
let pbx: AsteriskPhone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide], names: { [domain]: edgeAt } });
  const model = JSON.parse(readFileSync(join(example, "dist/model.json"), "utf8")) as Model;
  edge = await startModel(lab, model, {
    digests: [{ trunk: "office", username: "office", realm: domain, ha1: ha1Of("office", domain, password) }],
  });
  const settings = { address: inside, trunks: {}, agent: { hz: deskHz } };
  const files = asteriskFiles(settings, asteriskFolder(lab, "pbx"), lab.tools);
  // Only the password is filled in, and what a lab needs, which has no name server: addresses, a console that shows messages,
  // desks that answer.
  const pjsip = readFileSync(join(example, "asterisk/pjsip.conf"), "utf8")
    .replace("=OFFICE_PASSWORD", `=${password}`)
    .replace("bind=0.0.0.0", `bind=${inside}`)
    .replaceAll(`=sip:${domain}`, `=sip:${edgeAt}`)
    .replace("context=from-crew", "context=incoming");
  pbx = await runAsterisk(
    lab,
    "pbx",
    {
      files: { ...files, "pjsip.conf": `[global]\ntype=global\ndebug=yes\n\n${pjsip}` },
      tools: lab.tools,
      trace: { mark: /^<--- (Transmitting|Received) SIP/, sentIf: "Transmitting" },
    },
    await hostBehindNat(lab, { inside, outside: "203.0.113.77" }),
  );
  const talker = async (name: string, address: string, port: number, playHz: number) =>
    phone({
      launcher: await lab.host(address),
      tools: lab.tools,
      dir: join(lab.dir, name),
      name,
      address,
      port,
      playHz,
    });
  agent = await talker("agent", agentAt, 5080, agentHz);
  caller = await talker("caller", providerAt, 5060, callerHz);
}, 300_000);
afterAll(async () => {
  for (const one of [agent, caller, pbx]) await one?.stop();
  await edge?.stop();
  await lab?.close();
});

const registered = async (): Promise<void> =>
  void (await expect
    .poll(() => edge.records("contact"), { timeout: 20_000, interval: 200 })
    .toMatchObject([{ trunk: "office", state: "registered", source: "203.0.113.77" }]));
const talk = () => new Promise((resolve) => setTimeout(resolve, 1500));

describe("the office", () => {
  test("dials 700 and talks to an agent", async () => {
    await registered();
    const call = await pbx.call({ trunk: "crew", to: "700", from: "201", hz: deskHz, talkMs: 1500 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(agentHz, 600).heard, soon).toBe(true);
    await agent.ended(3000);
    expect(agent.heard(deskHz, 600).heard).toBe(true);
    const invite = messagesOf(agent.messages(), "INVITE")[0]?.text ?? "";
    expect(headerValues(invite, "X-Crew-Trunk")).toEqual(["office"]);
    expect(headerValues(invite, "From")[0]).toContain("201@");
  }, 40_000);

  test("gets a caller of its direct line at the desk", async () => {
    await registered();
    const call = await caller.dial(`sip:+14155551201@${edgeAt}`);
    expect(call).toMatchObject({ answered: true });
    await talk();
    caller.hangUp();
    await caller.ended(3000);
    expect(caller.heard(deskHz, 600).heard).toBe(true);
    const arrival = await pbx.incoming(1000);
    expect(arrival).toMatchObject({ to: "201", trunk: "crew" });
    await expect.poll(() => arrival.heard(callerHz, 600).heard, soon).toBe(true);
    const invite = messagesOf(pbx.messages(), "INVITE").find((m) => m.direction === "received")?.text ?? "";
    expect(invite).toMatch(/^INVITE sip:201@192\.168\.1\.10:5060;line=\w+ SIP/);
  }, 40_000);

  test("is called by an agent that names no trunk", async () => {
    await registered();
    expect(await agent.dial(`sip:201@${agentsSide}:5080`)).toMatchObject({ answered: true });
    await talk();
    agent.hangUp();
    await agent.ended(3000);
    expect(agent.heard(deskHz, 600).heard).toBe(true);
    expect((await pbx.incoming(1000)).to).toBe("201");
  }, 40_000);
});
