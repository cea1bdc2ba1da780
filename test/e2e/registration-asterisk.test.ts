/** An Asterisk as the provider: the edge registers there, is called over the registration and calls out, with audio. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, messagesOf } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import type { Asterisk } from "../lab/asterisk.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { providerHz, startProvider } from "../lab/provider.ts";

const edgeAt = "198.51.100.7";
const agentsSide = "10.0.4.1";
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const password = 's3:"cret$x';
const agentHz = 1100;
/** An account as of many providers: the number is the user name, and Asterisk knows the caller by it. */
const account = "+14155550199";

let lab: Lab;
let edge: Edge;
let provider: Asterisk;
let agent: Phone;

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide] });
  provider = await startProvider(lab, "provider", {
    address: providerAt,
    users: { [account]: { password }, stranger: { password: "other" } },
    algorithms: ["MD5"],
  });
  const outbound = (username: string) => ({
    uri: `sip:${providerAt}:5060`,
    register: { expires: 60 },
    auth: { username, password: { secret: "P" }, realm: "provider.example.com" },
  });
  const agents = { agent_sarah: { uri: `sip:${agentAt}:5080` } };
  edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt, agents: { address: agentsSide }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          country: "US",
          agents,
          sip: {
            outbound: { ...outbound(account), caller_id: account },
            inbound_routes: [{ match: { to_user: "acme" }, agent_id: "agent_sarah" }],
          },
        },
        {
          crew_id: "refused",
          country: "US",
          agents: { other: { uri: "sip:10.0.4.11:5080" } },
          sip: { outbound: outbound("stranger") },
        },
      ],
    },
    {
      passwords: [
        { trunk: "acme", password },
        { trunk: "refused", password: "wrong" },
      ],
    },
  );
  agent = await phone({
    launcher: await lab.host(agentAt),
    tools: lab.tools,
    dir: join(lab.dir, "agent"),
    name: "agent",
    address: agentAt,
    port: 5080,
    user: "agent_sarah",
    domain: agentsSide,
    outbound: `sip:${agentsSide}:5080`,
    playHz: agentHz,
  });
}, 300_000);
afterAll(async () => {
  await agent?.stop();
  await edge?.stop();
  await lab?.close();
});

describe("an Asterisk as provider", () => {
  test("has our Contact, and not that of a trunk with a wrong password", async () => {
    await expect
      .poll(() => provider.contacts(account), { timeout: 15_000 })
      .toEqual([`sip:acme@${edgeAt}:5060`]);
    await expect
      .poll(() => edge.records("not_registered"), { timeout: 15_000 })
      .toMatchObject([{ trunk: "refused", code: 401 }]);
    expect(await provider.contacts("stranger")).toEqual([]);
  }, 40_000);

  test("calls the Contact: the agent answers, with audio both ways", async () => {
    shows("document/registration", "document/to-user");
    await expect.poll(() => provider.contacts(account), { timeout: 15_000 }).toHaveLength(1);
    const call = await provider.call({ trunk: account, to: "1", asRegistered: true, hz: 700, talkMs: 2000 });
    expect(call).toMatchObject({ answered: true });
    await expect.poll(() => call.heard(agentHz).heard).toBe(true);
    await agent.ended(3000);
    expect(agent.heard(700).heard).toBe(true);
    const invite = messagesOf(agent.messages(), "INVITE").at(-1)?.text ?? "";
    expect(headerValues(invite, "X-Crew-Trunk")).toEqual(["acme"]);
    await expect.poll(() => edge.records("ended")).toMatchObject([{ trunk: "acme", by: "carrier" }]);
  }, 40_000);

  test("is called by the agent, and asks for the password of the account", async () => {
    const out = await agent.dial(`sip:+14155550002@${agentsSide}:5080`);
    expect(out).toMatchObject({ answered: true });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    agent.hangUp();
    await agent.ended(3000);
    expect(agent.heard(providerHz).heard).toBe(true);
    const calls = messagesOf(provider.messages(), "INVITE").filter((m) => m.direction === "received");
    expect(calls.map((m) => headerValues(m.text, "Authorization").length)).toEqual([0, 1]);
  }, 40_000);
});
