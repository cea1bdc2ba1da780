/** What the vocabulary has and the target does not act on yet is said, each thing once and at its place. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const agents = { a: { uri: "sip:10.0.4.10:5080", codecs: ["opus"] } };
const main = { match: { to_user: "main" }, agent_id: "a" };

function warnings(draft: object, where: "trunk" | "edge" = "trunk"): string[] {
  const { value, diagnostics } = parseConfig(where === "edge" ? draft : { agents, ...draft });
  if (value === undefined) throw new Error(JSON.stringify(diagnostics));
  return lower(value).diagnostics.map((d) => `${d.code} ${d.severity} ${d.pointer}`);
}

describe("a property that is not acted on", () => {
  it.each([
    [
      { sip: { custom_headers: { outbound: [{ header: "X-A", value: "b" }] } } },
      "CREW4003 warning /sip/custom_headers/outbound",
    ],
  ])("%j is said", (draft, expected) => {
    expect(warnings(draft)).toEqual([expected]);
  });

  it("is the password of an agent that no trunk carries calls of, and of no other", () => {
    const auth = { type: "digest", username: "a", password: { secret: "A" } };
    const caller = { uri: "sip:10.0.4.10", allowed_ips: ["10.0.5.0/24"], auth };
    const outbound = { uri: "sip:provider.example" };
    const of = (sip: object) => warnings({ trunks: [{ agents: { a: caller }, sip }] }, "edge");
    expect(of({ inbound_routes: [main] })).toEqual(["CREW4008 warning /trunks/0/agents/a/auth"]);
    expect(of({ outbound })).toEqual([]);
  });

  it("is no registration of a PBX", () => {
    const auth = { type: "digest", username: "a", password: { secret: "A" } };
    const forward = { match: {}, forward: { extension: "200", via: "branch" } };
    const headers = { custom_headers: { outbound: [{ header: "X-A", value: "b" }] } };
    const trunks = [
      { crew_id: "branch", sip: { auth, ...headers } },
      { crew_id: "b", sip: { inbound_routes: [forward] } },
    ];
    expect(warnings({ trunks }, "edge")).toEqual([]);
  });

  it("is none of the defaults", () => {
    expect(warnings({ sip: { inbound_routes: [main] } })).toEqual([]);
  });

  it("is no condition of a route, no failover and no refusal of a full trunk", () => {
    const hours = { time_zone: "UTC", from: "09:00", to: "17:00" };
    const header = { name: "X-A", present: true };
    const match = { to_pattern: "[0-9]+", header, hours, not_hours: { ...hours, days: ["mon"] } };
    const sip = { inbound_routes: [{ ...main, match }], failover: { stop_on: [503], continue_on: [486] } };
    expect(warnings({ limits: { calls: 1, response: { code: 486 } }, sip })).toEqual([]);
  });
});

it("a forward that cannot be carried is a refusal, not nothing", () => {
  const hours = { time_zone: "UTC", from: "09:00", to: "17:00" };
  const forward = "+14155550100";
  const routes = [
    { match: { to_user: "main", hours }, forward },
    { match: { to_user: "main" }, forward },
  ];
  const model = parseConfig({ agents, sip: { inbound_routes: routes } }).value;
  const chain = model === undefined ? undefined : lower(model).value?.tables.find((t) => t.name === "chain");
  expect(chain !== undefined && "rows" in chain ? chain.rows.map((r) => r.value) : []).toEqual([
    "0^503^Forwarding Not Available",
  ]);
});
