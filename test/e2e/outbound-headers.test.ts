/** As whom agents call carriers, and which headers of the config's own such calls carry. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../src/phone/message.ts";
import { shows } from "../acceptance/shows.ts";
import { type Edge, soon, startEdge } from "../lab/edge.ts";
import { leaks } from "../lab/leaks.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { accepts } from "./kit/behaviours.ts";
import { dialogOf, hangUp, within } from "./kit/call.ts";
import { headerLines, response, statusOf, unique } from "./kit/message.ts";
import { type Party, party } from "./kit/party.ts";
import { type Server, sipServer } from "./kit/server.ts";

const edgeAt = "198.51.100.7";
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const agentAt = "10.0.4.10";
const providerAt = "203.0.113.50";
const pbxAt = "203.0.113.10";

let lab: Lab;
let edge: Edge;
let agent: Party;
let pbx: Party;
let provider: Server;

const trunkOf = (crew_id: string, source: string, outbound: object, sip: object = {}, more: object = {}) => ({
  crew_id,
  agents: { agent_sarah: { uri: `sip:${agentAt}:5080` } },
  ...more,
  sip: {
    outbound: { uri: `sip:${providerAt}:5060`, allowed_destinations: ["+"], ...outbound },
    caller_id: { source },
    ...sip,
  },
});
const ours = { caller_id: "+14155551234", caller_ids: ["+14155559999"] };
const custom_headers = {
  outbound: [
    { header: "X-Campaign-ID", value: "{{campaign_id}}" },
    { header: "X-Label", value: "5 % of ^{{who}}^ at {{ campaign_id }}!" },
    { header: "X-Fixed", value: "always" },
  ],
};

beforeAll(async () => {
  lab = await openLab({ addresses: [edgeAt, agentsSide.address, agentAt, providerAt, pbxAt] });
  edge = await startEdge(lab, {
    network: { public_ip: edgeAt, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
    trunks: [
      trunkOf("pai", "pai", ours, { custom_headers }, { country: "US" }),
      trunkOf("rpid", "rpid", ours),
      trunkOf("ppi", "ppi", ours),
      trunkOf("from", "from", ours),
      trunkOf("open", "pai", {}),
      trunkOf("germany", "pai", { number_format: "national", user_phone: true }, {}, { country: "DE" }),
      {
        crew_id: "office",
        country: "US",
        agents: { away: { uri: `sip:${agentAt}:5080` } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [pbxAt] },
          caller_id: { source: "pai" },
          custom_headers: {
            inbound: [
              { header: "X-Tier", variable: "tier" },
              { header: "X-Campaign", variable: "campaign_id" },
            ],
          },
          inbound_routes: [
            { match: { to_uri: "+14155550001" }, forward: { number: "+14155550177", via: "open" } },
            { match: { to_uri: "+14155550002" }, forward: { number: "+14155550177", via: "pai" } },
            {
              match: { to_uri: "+14155550003" },
              agent_id: "away",
              on_failure: [{ forward: { number: "+14155550177", via: "open" } }],
            },
          ],
        },
      },
      trunkOf("digits", "pai", { ...ours, number_format: "digits" }),
    ],
  });
  pbx = await party(lab, pbxAt, 5060, { address: edgeAt, port: 5060 });
  agent = await party(lab, agentAt, 5080, agentsSide);
  provider = await sipServer(lab, providerAt, 5060, accepts());
});
afterAll(async () => {
  await provider?.close();
  await edge?.stop();
  await lab?.close();
});

/** Calls over a trunk and gives the INVITE that the carrier got. */
async function invited(trunk: string, from: string, headers: readonly string[] = []): Promise<string> {
  const callId = unique("out");
  const invite = agent.make({
    uri: `sip:+14155550123@${agentsSide.address}:5080`,
    callId,
    headers: [`X-Crew-Trunk: ${trunk}`, ...headers],
    instead: { From: [`From: ${from};tag=${unique()}`] },
  });
  const answer = await agent.ask(invite);
  expect(statusOf(answer)).toBe(200);
  const dialog = dialogOf(invite, answer);
  await agent.send(within(agent, dialog, "ACK"));
  const here = (text: string): boolean => headerValues(text, "Call-ID")[0] === callId;
  await expect.poll(() => provider.requests("ACK").some(here)).toBe(true);
  expect(statusOf(await hangUp(agent, dialog))).toBe(200);
  const got = provider.requests().filter(here);
  expect(
    leaks(
      got.map((text) => ({ text })),
      ["10.0.4.10", "10.0.4.1", "agents.example", "X-Crew-Trunk"],
    ),
  ).toEqual([]);
  const named = got.map((t) => (headerValues(t, "From")[0] ?? "").replace(/^"[^"]*" |;tag=.*/g, ""));
  // From stays what it was within the call.
  expect(new Set(named).size).toBe(1);
  return got[0] ?? "";
}

/** Who calls, as the carrier is told. */
async function shown(trunk: string, from: string, headers: readonly string[] = []) {
  const invite = await invited(trunk, from, headers);
  const lines = headerLines(invite).filter((l) => /^(?:p-|remote-party|privacy)/i.test(l));
  return [(headerValues(invite, "From")[0] ?? "").replace(/;tag=.*/, ""), ...lines];
}

const own = "<sip:agent_sarah@agents.example>";
const chosen = '"Sarah" <sip:+14155559999@agents.example>';
const anonymous = '"Anonymous" <sip:anonymous@anonymous.invalid>';
const is = (number: string): string => `<sip:${number}@${edgeAt}>`;
const main = is("+14155551234");

describe("the caller", () => {
  test.each([
    ["pai", own, [], [main, `P-Asserted-Identity: ${main}`]],
    ["rpid", own, [], [main, `Remote-Party-ID: ${main};party=calling;privacy=off;screen=yes`]],
    ["ppi", own, [], [main, `P-Preferred-Identity: ${main}`]],
    ["from", own, [], [main]],
    ["pai", '"Sarah" <sip:+14155550000@agents.example>', [], [main, `P-Asserted-Identity: ${main}`]],
    ["pai", chosen, [], [`"Sarah" ${is("+14155559999")}`, `P-Asserted-Identity: ${is("+14155559999")}`]],
    [
      "pai",
      "<sip:4155559999@agents.example>",
      [],
      [is("+14155559999"), `P-Asserted-Identity: ${is("+14155559999")}`],
    ],
    ["digits", own, [], [is("14155551234"), `P-Asserted-Identity: ${is("14155551234")}`]],
    ["open", own, [], [is("agent_sarah"), `P-Asserted-Identity: ${is("agent_sarah")}`]],
    ["open", "<sip:1001@agents.example>", [], [is("1001"), `P-Asserted-Identity: ${is("1001")}`]],
    ["open", "<sip:agents.example>", [], [`<sip:${edgeAt}>`]],
    [
      "germany",
      "<sip:+4930123456@agents.example>",
      [],
      [`<sip:030123456@${edgeAt};user=phone>`, `P-Asserted-Identity: <sip:030123456@${edgeAt};user=phone>`],
    ],
    [
      "open",
      own,
      ["P-Asserted-Identity: <sip:+1999@agents.example>"],
      [is("agent_sarah"), `P-Asserted-Identity: ${is("agent_sarah")}`],
    ],
  ])("%s, From %s, %j", async (trunk, from, headers, expected) => {
    shows("document/caller-id");
    expect(await shown(trunk, from, headers)).toEqual(expected);
  });

  test.each([
    ["pai", own, ["Privacy: id"], [`P-Asserted-Identity: ${main}`]],
    ["pai", chosen, ["Privacy: user;id"], [`P-Asserted-Identity: ${is("+14155559999")}`]],
    ["pai", anonymous, [], [`P-Asserted-Identity: ${main}`]],
    ["from", own, ["Privacy: id"], [`P-Asserted-Identity: ${main}`]],
    ["rpid", own, ["Privacy: id"], [`Remote-Party-ID: ${main};party=calling;privacy=full;screen=yes`]],
    ["ppi", own, ["Privacy: header"], [`P-Preferred-Identity: ${main}`]],
    [
      "pai",
      anonymous,
      ["P-Asserted-Identity: <sip:+14155559999@agents.example>"],
      [`P-Asserted-Identity: ${is("+14155559999")}`],
    ],
    ["open", anonymous, [], []],
  ])("%s, From %s, %j: hidden from the called party", async (trunk, from, headers, beside) => {
    expect(await shown(trunk, from, headers)).toEqual([anonymous, ...beside, "Privacy: id"]);
  });

  test.each([
    '"a\\" <sip:evil@x>" <sip:+14155559999@agents.example>',
    "<sip:a%0d%0aX-Evil%3a%20b@agents.example>",
    '"$ru $$" <sip:+14155559999@agents.example>',
  ])("%j breaks out of no header", async (from) => {
    for (const trunk of ["pai", "open"]) {
      const [name = "", ...beside] = await shown(trunk, from);
      expect(name).toMatch(/^(?:"[^"\\]*" )?<sip:[^<>\s"]+@198\.51\.100\.7>$/);
      expect(beside).toHaveLength(1);
      expect(beside[0]).toMatch(/^P-Asserted-Identity: <sip:[^<>\s"]+@198\.51\.100\.7>$/);
    }
  });
});

describe("headers of the config's own", () => {
  const custom = async (headers: readonly string[], trunk = "pai") =>
    headerLines(await invited(trunk, own, headers)).filter((l) => /^x-/i.test(l));
  const v = (name: string, value: string): string => `X-Crew-Var-${name}: ${value}`;

  test.each([
    ["nothing given", [], ["X-Fixed: always"]],
    ["one of two", [v("campaign_id", "c1")], ["X-Campaign-ID: c1", "X-Fixed: always"]],
    [
      "all",
      [v("campaign_id", "c1"), v("who", "Ann, Lee")],
      ["X-Campaign-ID: c1", "X-Label: 5 % of ^Ann, Lee^ at c1!", "X-Fixed: always"],
    ],
    ["in any case", [v("CAMPAIGN_ID", "c1").toLowerCase()], ["X-Campaign-ID: c1", "X-Fixed: always"]],
    [
      "the first of two",
      [v("campaign_id", "a"), v("campaign_id", "b")],
      ["X-Campaign-ID: a", "X-Fixed: always"],
    ],
    ["an empty one", [v("campaign_id", " ")], ["X-Fixed: always"]],
    ["a folded one", [v("campaign_id", "a\r\n b")], ["X-Campaign-ID: a b", "X-Fixed: always"]],
    [
      "one like a header",
      [v("campaign_id", "a\r\n X-Evil: b")],
      ["X-Campaign-ID: a X-Evil: b", "X-Fixed: always"],
    ],
    [
      "one like the script",
      [v("campaign_id", "$ru {{who}} %24 $$")],
      ["X-Campaign-ID: $ru {{who}} %24 $$", "X-Fixed: always"],
    ],
    [
      "a long one",
      [v("campaign_id", "a".repeat(999))],
      [`X-Campaign-ID: ${"a".repeat(256)}`, "X-Fixed: always"],
    ],
    [
      "others",
      [v("other", "x"), "X-Campaign-ID: evil", "X-Fixed: evil", "X-Else: evil"],
      ["X-Fixed: always"],
    ],
  ])("%s", async (_, headers, expected) => {
    shows("document/headers-outbound");
    expect(await custom(headers)).toEqual(expected);
  });

  test("are of the trunk that carries the call", async () => {
    expect(await custom([v("campaign_id", "c1")], "rpid")).toEqual([]);
  });

  test("what is left out for a missing variable is in the records", async () => {
    const [call] = headerValues(await invited("pai", own, [v("who", "Ann")]), "Call-ID");
    const about = { event: "header_left_out", trunk: "pai", call, variable: "campaign_id" };
    await expect
      .poll(() => edge.records("header_left_out").filter((r) => r.call === call), soon)
      .toEqual([
        { ...about, header: "X-Campaign-ID" },
        { ...about, header: "X-Label" },
      ]);
  });
});

describe("a forwarded call", () => {
  /** What the carrier is told of a call to this number of the PBX's. */
  async function forwarded(
    number: string,
    headers: readonly string[],
    busy?: string,
  ): Promise<readonly string[]> {
    const callId = unique("fwd");
    const invite = pbx.make({ uri: `sip:${number}@${edgeAt}`, callId, headers, from: "+14155550100" });
    const asked = pbx.ask(invite, 9000);
    if (busy !== undefined) {
      const got = await agent.peer.receive(
        3000,
        (d) => d.text.includes(callId) && d.text.startsWith("INVITE "),
      );
      if (busy !== "") await agent.send(response(got.text, busy, { toTag: "a" }), got);
    }
    const answer = await asked;
    expect(statusOf(answer)).toBe(200);
    const dialog = dialogOf(invite, answer);
    await pbx.send(within(pbx, dialog, "ACK"));
    const got = provider.requests("INVITE").filter((t) => headerValues(t, "Call-ID")[0] === callId);
    expect(got).toHaveLength(1);
    expect(
      leaks(
        got.map((text) => ({ text })),
        [pbxAt, "carrier.example", agentAt, "away"],
      ),
    ).toEqual([]);
    await expect.poll(() => provider.requests("ACK").some((t) => t.includes(callId))).toBe(true);
    expect(statusOf(await hangUp(pbx, dialog))).toBe(200);
    return [
      (headerValues(got[0] ?? "", "From")[0] ?? "").replace(/;tag=.*/, ""),
      ...headerLines(got[0] ?? "").filter((l) => /^(?:p-|privacy|diversion|history|x-)/i.test(l)),
    ];
  }
  const who = "P-Asserted-Identity: <sip:4155550111@carrier.example>";
  const caller = is("+14155550111");
  const diverted = (number: string, reason: string): string =>
    `Diversion: <sip:${number}@${edgeAt}>;reason=${reason};privacy=off;counter=1`;

  test("says who calls, and who was called", async () => {
    const passed = [
      "Diversion: <sip:+1999@carrier.example>;reason=away",
      "History-Info: <sip:+1999@carrier.example>",
    ];
    expect(await forwarded("+14155550001", [who, ...passed])).toEqual([
      caller,
      `P-Asserted-Identity: ${caller}`,
      diverted("+14155550001", "unconditional"),
    ]);
  });

  test("over a trunk with a number of its own has that one, and its headers", async () => {
    expect(await forwarded("+14155550002", [who, "X-Crew-Var-campaign_id: evil"])).toEqual([
      main,
      `P-Asserted-Identity: ${main}`,
      "X-Fixed: always",
      diverted("+14155550002", "unconditional"),
    ]);
  });

  test("carries variables of its own trunk", async () => {
    const headers = [who, "X-Tier: gold", "X-Campaign: c1: a", "X-Crew-Var-who: evil"];
    expect(await forwarded("+14155550002", headers)).toContain("X-Campaign-ID: c1: a");
  });

  test("of somebody who asks for privacy does not say who", async () => {
    const rest = ["Privacy: id", diverted("+14155550001", "unconditional")];
    expect(await forwarded("+14155550001", [who, "Privacy: id"])).toEqual([anonymous, ...rest]);
  });

  test.each([
    ["480 Temporarily Unavailable", "unavailable"],
    ["503 Service Unavailable", "unavailable"],
    ["", "no-answer"],
  ])("after an agent's %j gives the reason %s", { timeout: 20_000 }, async (busy, reason) => {
    expect((await forwarded("+14155550003", [who], busy)).at(-1)).toBe(diverted("+14155550003", reason));
  });
});
