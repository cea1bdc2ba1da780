/** SIPp as a provider that asks for passwords, is silent, or refuses: what the agent is told and what the provider gets. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { soon } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { challengesAll, storm } from "./kit/sipp-provider.ts";
import {
  agentsSide,
  hz,
  openProvider,
  outside,
  type ProviderWorld,
  password,
  realm,
} from "./provider-world.ts";
import { refreshing } from "./timed-sipp.ts";

let world: ProviderWorld;
let agent: Phone;
let before = 0;
beforeAll(async () => {
  world = await openProvider();
  // A phone tells the final code of a call.
  agent = await phone({
    launcher: await world.lab.host("10.0.4.10"),
    tools: world.lab.tools,
    dir: join(world.lab.dir, "phone"),
    name: "phone",
    address: "10.0.4.10",
    port: 5090,
    user: "agent",
    domain: agentsSide.address,
    outbound: `sip:${agentsSide.address}:${agentsSide.port}`,
    playHz: hz.agent,
    rtpPorts: [26_000, 26_998],
  });
});
afterAll(() => world?.close());
beforeEach(() => {
  before = world.edge.records("refused").length;
});

const dial = () => agent.dial(`sip:${outside}@${agentsSide.address}:${agentsSide.port}`);
const refused = () => expect.poll(() => world.edge.records("refused").slice(before), soon);

describe("passwords", () => {
  test("a storm of 401 ends after one try with credentials", async () => {
    const provider = await world.answers(storm(realm));
    expect(await dial()).toMatchObject({ answered: false, code: 503 });
    const credentials = () =>
      messagesOf(provider.messages(), "INVITE").map((m) => headerValues(m.text, "Authorization").length);
    await expect.poll(credentials, soon).toEqual([0, 1]);
    await refused().toMatchObject([{ trunk: "acme", code: 503, reason: "credentials" }]);
    expect(provider.errors()).toBe("");
  });

  test("a wrong realm gets none of our credentials", async () => {
    const provider = await world.answers(storm("elsewhere.example.com"));
    expect(await dial()).toMatchObject({ answered: false, code: 503 });
    const invites = messagesOf(provider.messages(), "INVITE");
    expect(invites.map((m) => headerValues(m.text, "Authorization"))).toEqual([[]]);
    await refused().toMatchObject([{ trunk: "acme", code: 503, reason: "credentials" }]);
  });

  test.each(["INVITE", "UPDATE"] as const)(
    "every request of a call with another %s is challenged, and SIPp finds our credentials right",
    async (method) => {
      const provider = await world.answers(challengesAll({ password, realm, second: method }));
      const play = join(world.lab.dir, "agent.ul");
      writeFileSync(play, muLawTone(hz.agent, 20_000));
      const calls = await sippCall(
        {
          launcher: await world.lab.host("10.0.4.10"),
          tools: world.lab.tools,
          dir: join(world.lab.dir, "sipp-agent"),
          name: method,
          address: "10.0.4.10",
          port: 5070,
          rtpPort: 28_000,
          receiveMs: 10_000,
          remote: `${agentsSide.address}:${agentsSide.port}`,
        },
        refreshing({ to: outside, method, expires: 600, everySeconds: 1, seconds: 2, play }),
      );
      expect(calls).toMatchObject({ ok: 1, failed: 0, errors: "" });
      expect(messagesOf(calls.messages, 401)).toEqual([]);
      const log = (): string =>
        readFileSync(join(world.lab.dir, "sipp", `${provider.running.name}.log`), "utf8");
      await expect
        .poll(() => log().match(/right \w+/g), soon)
        .toEqual(["right INVITE", `right ${method}`, "right BYE"]);
      const numbers = provider
        .messages()
        .filter((m) => /^(INVITE|UPDATE|BYE) /.test(m.text))
        .map((m) => Number.parseInt(headerValues(m.text, "CSeq")[0] ?? "", 10));
      expect(numbers).toHaveLength(6);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(provider.errors()).toBe("");
    },
  );
});

describe("a provider that", () => {
  test("is silent is given up in seconds", async () => {
    const provider = await world.answers({ answer: "none" });
    const call = await dial();
    expect(call).toMatchObject({ answered: false, code: 503 });
    expect(messagesOf(provider.messages(), "INVITE").length).toBeGreaterThan(1);
    await refused().toMatchObject([{ trunk: "acme", code: 503, reason: "no_carrier" }]);
  });

  test.each([
    ["answers 503", { answer: 503, headers: ["Retry-After: 60"] }, 503],
    ["redirects with 302", { answer: 302, headers: [`Contact: <sip:${outside}@192.0.2.1>`] }, 480],
    ["is busy", { answer: 486 }, 486],
  ] as readonly [string, Callee, number][])("%s", async (_, behaviour, code) => {
    const provider = await world.answers(behaviour);
    const heard = agent.messages().length;
    const call = await dial();
    expect(call).toMatchObject({ answered: false, code });
    await expect.poll(() => messagesOf(agent.messages().slice(heard), code).length, soon).toBe(1);
    const final = messagesOf(agent.messages().slice(heard), code)[0]?.text ?? "";
    expect(headerValues(final, "Contact")).toEqual([]);
    expect(final).not.toMatch(/192\.0\.2\.1|203\.0\.113\./);
    await expect.poll(() => messagesOf(provider.messages(), "ACK").length, soon).toBe(1);
    expect(messagesOf(provider.messages(), "INVITE")).toHaveLength(1);
    expect(provider.errors()).toBe("");
  });
});

test("a provider that calls a number without route gets 404", async () => {
  expect(await world.callsIn({ to: "+14155550999" })).toMatchObject({ ok: true, code: 404 });
});
