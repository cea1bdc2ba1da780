/** Calls to carriers as tables: who may dial, what is tried in which order, what each trunk wants. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { kamailio } from "../../../src/targets/kamailio/index.ts";

const agents = {
  sarah: { uri: ["sip:10.0.4.10:5080", "sip:10.0.4.11:5080"] },
  marcus: { uri: "sip:10.0.4.12:5080", allowed_ips: ["10.0.4.20"], nat: true },
};

function tables(draft: object): Record<string, Record<string, unknown>> {
  const model = parseConfig(draft).value;
  const doc = model && kamailio.lower(model).value;
  if (doc === undefined) throw new Error("the config does not compile");
  return Object.fromEntries(
    doc.tables.map((t) => [t.name, Object.fromEntries((t.rows ?? []).map((r) => [r.key, r.value]))]),
  );
}

const trunk = (crew_id: string, outbound: object, more: object = {}) => ({
  crew_id,
  agents,
  sip: { outbound },
  ...more,
});

test("without outbound there are no such tables", () => {
  const names = Object.keys(tables({ trunks: [{ agents, sip: { codecs: [{ name: "PCMU" }] } }] }));
  expect(names.filter((n) => ["dial", "way", "out", "dest", "far", "provider"].includes(n))).toEqual([]);
});

test("single addresses of agents may dial, each over the trunks of its agents", () => {
  const { dial } = tables({
    trunks: [trunk("b", { uri: "sip:203.0.113.1" }), trunk("a", { uri: "sip:203.0.113.2" })],
  });
  expect(dial).toEqual({
    "10.0.4.10": "a,b^p",
    "10.0.4.11": "a,b^p",
    "10.0.4.12": "a,b^l",
    "10.0.4.20": "a,b^l",
  });
});

test("what its agents ask for stands with an address: the strictest SRTP, all codecs", () => {
  const uri = "sip:10.0.4.10:5080";
  const draft = {
    ...trunk("a", { uri: "sip:203.0.113.1" }),
    agents: {
      both: { uri, codecs: ["opus", "PCMA"] },
      sealed: { uri, media_encryption: "required" },
      open: { uri: "sip:10.0.4.11:5080", media_encryption: "allowed" },
      modern: { uri: "sip:10.0.4.12:5080", codecs: ["opus"] },
    },
  };
  const { dial, spoken, keys } = tables({
    trunks: [{ ...draft, sip: { ...draft.sip, codecs: [{ name: "PCMU" }] } }],
  });
  expect(dial).toEqual({ "10.0.4.10": "a^p^r^68", "10.0.4.11": "a^p^a", "10.0.4.12": "a^p^^6" });
  expect(spoken).toEqual({ a: "0^a" });
  expect(keys).toEqual({});
});

test("a trunk that transcodes nothing, and one whose agents have its codecs, keep no lists", () => {
  const codecs = [{ name: "PCMU" }];
  const of = (transcode: string, agent: object) =>
    tables({
      trunks: [
        {
          crew_id: "a",
          agents: { x: { uri: "sip:10.0.4.10:5080", ...agent } },
          sip: { outbound: { uri: "sip:203.0.113.1" }, codecs, transcode },
        },
      ],
    }).spoken;
  expect(of("never", { codecs: ["opus"] })).toBeUndefined();
  expect(of("auto", {})).toBeUndefined();
  expect(of("always", {})).toEqual({ a: "0^A" });
});

test("targets of one priority share a row, with weights added up", () => {
  const uri = [
    { uri: "sip:203.0.113.3", priority: 2 },
    { uri: "sip:203.0.113.1:5070", weight: 3 },
    { uri: "sip:203.0.113.2;transport=tcp", weight: 1 },
  ];
  const { way, far } = tables({ trunks: [trunk("a", { uri })] });
  expect(way).toEqual({
    "a:0": "a^2^4^3^203.0.113.1:5070;transport=udp^4^203.0.113.2:5060;transport=tcp",
    "a:1": "a^1^1^1^203.0.113.3:5060;transport=udp",
  });
  expect(Object.keys(far ?? {}).sort()).toEqual(["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
});

test("a carrier by name without a port is left to DNS, also for NAPTR where no other transport is named", () => {
  const { way, far } = tables({
    trunks: [
      trunk("a", { uri: "sip:carrier.example" }),
      trunk("b", { uri: "sip:carrier.example;transport=tcp" }),
      trunk("c", { uri: "sip:carrier.example:5070" }),
    ],
  });
  expect(way).toEqual({
    "a:0": "a^1^1^1^carrier.example",
    "b:0": "b^1^1^1^carrier.example;transport=tcp",
    "c:0": "c^1^1^1^carrier.example:5070;transport=udp",
  });
  expect(far).toEqual({});
});

test("what a trunk wants, and where it may call", () => {
  const outbound = {
    uri: "sip:203.0.113.1",
    auth: { username: "acme", password: { secret: "P" }, realm: "r.example" },
    caller_id: "+14155551234",
    caller_ids: ["+14155559999"],
    number_format: "national",
    user_phone: true,
    allowed_destinations: ["+49", "+1"],
    denied_destinations: ["+1900"],
  };
  const { out, dest, caller } = tables({ trunks: [trunk("a", outbound, { country: "DE" })] });
  expect(out).toEqual({ a: "national^49^00^0^user=phone^+14155551234^from^acme^r.example" });
  expect(dest).toEqual({ a: "+1,+49^+1900" });
  expect(caller).toEqual({ "a:+14155559999": 1 });
});

test("an outbound route tries its trunks one after the other", () => {
  const { way, outbound_route } = tables({
    trunks: [trunk("a", { uri: "sip:203.0.113.1" }), trunk("b", { uri: "sip:203.0.113.2" })],
    outbound_routes: [
      { match: { to_prefix: "+49", agent_id: "marcus" }, via: "b" },
      { match: {}, via: ["b", "a"] },
    ],
  });
  expect(outbound_route).toEqual({ "0": "*^+49^10.0.4.12,10.0.4.20^route 0^b", "1": "*^*^*^route 1^b" });
  expect(way).toMatchObject({
    "route 1:0": "b^1^1^1^203.0.113.2:5060;transport=udp",
    "route 1:1": "a^1^1^1^203.0.113.1:5060;transport=udp",
  });
});

test("a forward is a step of its chain; after it, the next choice", () => {
  const { chain } = tables({
    trunks: [
      {
        ...trunk("a", { uri: "sip:203.0.113.1" }),
        sip: {
          outbound: { uri: "sip:203.0.113.1" },
          inbound_routes: [{ match: {}, agent_id: "marcus", on_failure: [{ forward: "+14155550177" }] }],
        },
      },
    ],
  });
  expect(Object.values(chain ?? {})[1]).toBe("0^forward^a^+14155550177");
});
