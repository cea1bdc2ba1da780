import { describe, expect, it } from "vitest";
import { edge } from "../../src/model/schema/edge.ts";
import { parseEdge } from "../../src/model/simple-routes.ts";

const simple = Array.from({ length: 1_500 }, (_, i) =>
  i % 3 === 0
    ? { match: { to_user: `desk-${i}` }, agent_id: "agent_sarah" }
    : { agent_id: "agent_sarah", match: { to_uri: `+1415${1_000_000 + i}` } },
);

function edgeOf(inbound_routes: unknown, rest: object = {}) {
  const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" } };
  return {
    trunks: [
      { crew_id: "other", agents, sip: {} },
      { agents, sip: { inbound_routes }, ...rest },
    ],
  };
}

/** The list with something else as one of its entries. */
function withEntry(entry: unknown): unknown[] {
  return simple.map((route, i): unknown => (i === 700 ? entry : route));
}

const match = { to_uri: "+14155551111" };

describe("parseEdge", () => {
  it("takes long lists of simple routes as they are", () => {
    const parsed = parseEdge(edgeOf(simple));
    expect(parsed.data?.trunks[1]?.sip.inbound_routes).toBe(simple);
    expect(parsed).toEqual(edge.safeParse(edgeOf(simple)));
  });

  it.each<[string, unknown]>([
    ["no object", null],
    ["a hole", undefined],
    ["a list", []],
    ["no match", { agent_id: "agent_sarah" }],
    ["a match that is a list", { match: [], agent_id: "agent_sarah" }],
    ["an empty match", { match: {}, agent_id: "agent_sarah" }],
    ["two conditions", { match: { ...match, to_user: "x" }, agent_id: "agent_sarah" }],
    ["a condition of another kind", { match: { caller: "+14155551111" }, agent_id: "agent_sarah" }],
    ["an unknown condition", { match: { ...match, to_url: "x" }, agent_id: "agent_sarah" }],
    ["a number that is none", { match: { to_uri: "x" }, agent_id: "agent_sarah" }],
    ["a number that is no text", { match: { to_uri: 14155551111 }, agent_id: "agent_sarah" }],
    ["a user part that is none", { match: { to_user: "a b" }, agent_id: "agent_sarah" }],
    ["no agent", { match }],
    ["an agent that is no id", { match, agent_id: "agent sarah" }],
    ["an agent that is no text", { match, agent_id: 1 }],
    ["a pattern", { match: { ...match, to_pattern: "[2-4][0-9]{3}" }, agent_id: "agent_sarah" }],
    [
      "a condition on a header",
      { match: { ...match, header: { name: "X-Queue" } }, agent_id: "agent_sarah" },
    ],
    ["hours", { match: { ...match, hours: { time_zone: "Europe/Berlin" } }, agent_id: "agent_sarah" }],
    ["a forward", { match, forward: "+14155550100" }],
    ["an agent and a forward", { match, agent_id: "agent_sarah", forward: "+14155550100" }],
    ["a refusal", { match, refuse: { code: 480 } }],
    ["a bound on ringing", { match, agent_id: "agent_sarah", ring_timeout: 20 }],
    ["a next choice", { match, agent_id: "agent_sarah", on_failure: [{ agent_id: "agent_sarah" }] }],
    ["an unknown property", { match, agent_id: "agent_sarah", agent: 1 }],
    ["an undefined property", { match, agent_id: "agent_sarah", refuse: undefined }],
  ])("gives what the schema gives where one entry has %s", (_, entry) => {
    const draft = edgeOf(withEntry(entry));
    expect(parseEdge(draft)).toEqual(edge.safeParse(draft));
  });

  it("gives what the schema gives where another part is wrong", () => {
    const draft = edgeOf(simple, { crew_id: "a b", colour: 1 });
    expect(parseEdge(draft).success).toBe(false);
    expect(parseEdge(draft)).toEqual(edge.safeParse(draft));
  });

  it("refuses longer lists than the schema allows", () => {
    const [route] = simple;
    const draft = edgeOf(Array(1_000_001).fill(route));
    expect(parseEdge(draft).error?.issues).toEqual([
      expect.objectContaining({ code: "too_big", path: ["trunks", 1, "sip", "inbound_routes"] }),
    ]);
  });
});
