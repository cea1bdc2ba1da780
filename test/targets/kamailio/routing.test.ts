/** Where calls go on the wire: numbers in any form, user names, rules with conditions, first match wins. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValues } from "../../../src/phone/message.ts";
import { request, unique, uriOf } from "../../e2e/kit/message.ts";
import { type Edge, soon, startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { agentSide, answer, carrierSide, type Half, half, loopbackEdge } from "./calls.ts";

let lab: Lab;
let edge: Edge;
let caller: Half;
let agent: Half;

beforeAll(async () => {
  lab = await openLab();
  caller = await half(lab, "127.0.0.2", 5070, carrierSide);
  agent = await half(lab, "127.0.0.3", 5080, agentSide);
  const uri = "sip:127.0.0.3:5080";
  const to = (agent_id: string, match: object) => ({ match, agent_id });
  const draft = loopbackEdge(
    { country: "DE", agents: { a: { uri }, b: { uri }, c: { uri }, d: { uri }, e: { uri } } },
    {
      inbound_routes: [
        to("a", { to_uri: "+493012345" }),
        to("b", { to_prefix: "+4930", caller_prefix: "+43" }),
        to("c", { to_uri: "+49309900" }),
        to("d", { to_user: "support" }),
        to("a", { to_user: "110" }),
        to("e", { to_prefix: "+4930" }),
        to("b", { to_uri: "+493055" }),
      ],
    },
  );
  edge = await startEdge(lab, draft);
});
afterAll(() => lab.close());

async function goes(
  user: string,
  o: { from?: string; to?: string } = {},
): Promise<{ agent: string; called: string }> {
  const callId = unique("call");
  await caller.send(request({ at: caller.at, uri: `sip:${user}@${carrierSide.address}`, callId, ...o }));
  const got = await agent.next(callId, "INVITE");
  await agent.send(answer(agent, got, "486 Busy Here"));
  await caller.next(callId, 486);
  return { agent: headerValues(got, "X-Crew-Agent")[0] ?? "", called: uriOf(got).replace(/^sip:|@.*/g, "") };
}

describe("a number is the same in every form", () => {
  test.each([
    "+493012345",
    "00493012345",
    "03012345",
    "3012345",
    "493012345",
    "+49(30)12-345",
    "+49.30.12345",
    "+493012345;phone-context=x",
    "%2B493012345",
    "%2b49-30-12345",
  ])("%s", async (form) => {
    expect(await goes(form)).toEqual({ agent: "a", called: "+493012345" });
  });
});

describe("first match wins", () => {
  test("an exact number before a rule", async () => {
    expect(await goes("+493012345", { from: "+43660" })).toMatchObject({ agent: "a" });
  });
  test("a rule before an exact number, where its conditions hold", async () => {
    expect(await goes("0309900", { from: "+43660" })).toEqual({ agent: "b", called: "+49309900" });
    expect(await goes("0309900", { from: "+41660" })).toEqual({ agent: "c", called: "+49309900" });
    expect(await goes("0309900", { from: "0043660" })).toEqual({ agent: "b", called: "+49309900" });
  });
  test("an exact number that a wider rule hides", async () => {
    expect(await goes("+493055")).toMatchObject({ agent: "e" });
  });
  test("user names are literal; one that reads like a number stays one", async () => {
    expect(await goes("support")).toEqual({ agent: "d", called: "support" });
    expect(await goes("110")).toEqual({ agent: "a", called: "110" });
  });
});

test("the trunk's own name as user: the number stands in To", async () => {
  expect(await goes("acme", { to: "<sip:03012345@elsewhere.example>" })).toEqual({
    agent: "a",
    called: "+493012345",
  });
});

test.each([
  "Support",
  "+4930",
  "+491",
  "nobody",
  "acme",
  "SUPPORT",
  "*",
  "^",
  "+493012345x",
  "%2B49301234x",
  "493%2B012345",
])("%s has no route, unless a prefix takes it", async (user) => {
  const callId = unique("call");
  await caller.send(request({ at: caller.at, uri: `sip:${user}@${carrierSide.address}`, callId }));
  if (user === "+4930") {
    const got = await agent.next(callId, "INVITE");
    expect(headerValues(got, "X-Crew-Agent")).toEqual(["e"]);
    await agent.send(answer(agent, got, "486 Busy Here"));
    await caller.next(callId, 486);
    return;
  }
  await caller.next(callId, 404);
  await expect
    .poll(() => edge.records("refused").at(-1), soon)
    .toMatchObject({ reason: "no_route", trunk: "acme", call: callId });
});

describe("a large table", () => {
  test("finds the first, the last and no other number of 20,000, and users among them", async () => {
    await edge.stop();
    const uri = "sip:127.0.0.3:5080";
    const inbound_routes = [
      ...Array.from({ length: 20_000 }, (_, i) => ({
        match: { to_uri: `+1415${1_000_000 + i}` },
        agent_id: "a",
      })),
      { match: { to_user: "support" }, agent_id: "b" },
    ];
    edge = await startEdge(lab, loopbackEdge({ agents: { a: { uri }, b: { uri } } }, { inbound_routes }), {
      name: "large",
    });
    expect(await goes("+14151000000")).toEqual({ agent: "a", called: "+14151000000" });
    expect(await goes("1-415-101-9999")).toEqual({ agent: "a", called: "+14151019999" });
    expect(await goes("support")).toEqual({ agent: "b", called: "support" });
    const callId = unique("call");
    const wrong = `sip:+14151020000@${carrierSide.address}`;
    await caller.send(request({ at: caller.at, uri: wrong, callId }));
    await caller.next(callId, 404);
  });
});
