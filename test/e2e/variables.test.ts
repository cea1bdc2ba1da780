/** Headers of the carrier side that become variables of the agent's: what the config names, and nothing that breaks out. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { accepts, refuses } from "./kit/agent.ts";
import { call, hangUp } from "./kit/call.ts";
import { headerLines, methodOf, statusOf, unique } from "./kit/message.ts";
import { addresses, agents, openWorld, toSarah, type World } from "./kit/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({
    trunk: {
      agents: {
        agent_sarah: {
          uri: [
            { uri: `sip:${addresses.agent}:5080`, priority: 1 },
            { uri: `sip:${addresses.agent}:5080;transport=udp`, priority: 2 },
          ],
        },
      },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: [addresses.carrier] },
        inbound_routes: [toSarah("+14155551111")],
        custom_headers: {
          inbound: [
            { header: "X-Customer-ID", variable: "customer_id" },
            { header: "Subject", variable: "topic" },
            { header: "X-Tier", variable: "tier" },
          ],
        },
      },
    },
    trunks: [
      {
        crew_id: "third",
        agents,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["192.0.2.101"] },
          inbound_routes: [toSarah("+14155551111")],
          custom_headers: { inbound: [{ header: "X-Tier", variable: "level" }] },
        },
      },
    ],
  });
});
afterAll(() => world.close());
beforeEach(async () => {
  world.agent.answerWith(accepts);
  await world.settle(0);
});

const lines = (invite: string): readonly string[] =>
  headerLines(invite).filter((l) => /^x-crew-var/i.test(l));

/** What the agent gets of a call with these headers. */
async function variables(headers: readonly string[], party = world.carrier): Promise<readonly string[]> {
  const callId = unique("var");
  const dialog = await call(party, { callId, headers });
  const invite = await world.agent.request("INVITE", callId);
  await hangUp(party, dialog);
  return lines(invite);
}

describe("the agent gets", () => {
  test.each([
    ["one", ["X-Customer-ID: 4711"], ["X-Crew-Var-customer_id: 4711"]],
    ["none that is missing", [], []],
    ["none that the trunk does not name", ["X-Other: a"], []],
    [
      "several, in the order of the config",
      ["X-Tier: gold", "X-Customer-ID: 1"],
      ["X-Crew-Var-customer_id: 1", "X-Crew-Var-tier: gold"],
    ],
    ["any spelling of the name", ["x-customer-id \t:4711"], ["X-Crew-Var-customer_id: 4711"]],
    ["the short form of a name", ["s: billing"], ["X-Crew-Var-topic: billing"]],
    ["the first of several", ["X-Tier: a", "X-Tier: b"], ["X-Crew-Var-tier: a"]],
    ["commas as they are", ["X-Tier: Doe, Jane; vip=1"], ["X-Crew-Var-tier: Doe, Jane; vip=1"]],
    [
      "quotes, braces and dollars as they are",
      ['X-Tier: {"a":"$ru \\\\ $$"}'],
      ['X-Crew-Var-tier: {"a":"$ru \\\\ $$"}'],
    ],
    ["a folded value on one line", ["X-Tier: a\r\n b\r\n\tc"], ["X-Crew-Var-tier: a b c"]],
    ["no control characters", ["X-Tier: a\tb\u0001\u007fc"], ["X-Crew-Var-tier: a b c"]],
    ["UTF-8 as it is", ["X-Tier: Ünal 中"], ["X-Crew-Var-tier: Ünal 中"]],
    ["no empty value", ["X-Tier:", "X-Customer-ID: \t "], []],
    ["at most 256 bytes", [`X-Tier: ${"a".repeat(300)}`], [`X-Crew-Var-tier: ${"a".repeat(256)}`]],
    ["the first of several, be it empty", ["X-Tier: ", "X-Tier: b"], []],
  ])("%s", async (_, headers, expected) => {
    shows("document/headers-inbound");
    expect(await variables(headers)).toEqual(expected);
  });

  test("what its own trunk names", async () => {
    const headers = ["X-Customer-ID: 1", "X-Tier: gold"];
    expect(await variables(headers, await world.stranger(1))).toEqual(["X-Crew-Var-level: gold"]);
    expect(await variables(headers)).toEqual(["X-Crew-Var-customer_id: 1", "X-Crew-Var-tier: gold"]);
  });

  test("the same on the second attempt", async () => {
    const { carrier, agent } = world;
    agent.answerWith(refuses("503 Service Unavailable"));
    const callId = unique("again");
    const answer = await carrier.ask(carrier.make({ callId, headers: ["X-Tier: gold"] }));
    expect(statusOf(answer)).toBeGreaterThanOrEqual(480);
    const invites = agent.requests("INVITE").filter((t) => headerValues(t, "Call-ID")[0] === callId);
    expect(invites.map(lines)).toEqual([["X-Crew-Var-tier: gold"], ["X-Crew-Var-tier: gold"]]);
  });
});

test.each([
  ["X-Crew-Var-customer_id: evil"],
  ["x-crew-var-customer_id : evil"],
  ["X-Crew-Var-other: evil"],
  ["X-Tier: a\r\n X-Crew-Agent: evil"],
  ["X-Tier: a\r\n\tX-Crew-Agent: evil\r\n X-Crew-Trunk: evil"],
  ["X-Tier: a\rX-Crew-Agent: evil"],
  ["X-Tier: a\u0000\rX-Crew-Agent: evil"],
  ["X-Tier: a\u0000\r\n X-Crew-Agent: evil"],
  ["X-Tier: \\r\\nX-Crew-Agent: evil"],
  ["X-Tier: %0d%0aX-Crew-Agent: evil"],
])("%j brings no header of its own", async (header) => {
  const { carrier } = world;
  const answer = await carrier.ask(carrier.make({ headers: [header] }), 600).catch(() => "");
  const invite = (await world.settle(40)).agent.find((t) => methodOf(t) === "INVITE") ?? "";
  if (statusOf(answer) !== 200) {
    expect(invite).toBe("");
    return;
  }
  // A lone carriage return ends a line for some readers.
  const named = invite.split(/[\r\n]+/).filter((l) => /^x-crew-(?:agent|trunk|call-id|var)/i.test(l));
  expect(named.filter((l) => !l.startsWith("X-Crew-Var-tier: ")).map((l) => l.split(":")[0])).toEqual([
    "X-Crew-Agent",
    "X-Crew-Trunk",
    "X-Crew-Call-ID",
  ]);
  expect(named.filter((l) => /^x-crew-(?!var-tier).*evil/i.test(l))).toEqual([]);
});
