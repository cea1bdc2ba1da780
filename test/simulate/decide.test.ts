/** Where a call goes and why, told from the Model. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";
import { decide, type InboundCall } from "../../src/simulate/decide.ts";

const hours = {
  time_zone: "Europe/Berlin",
  days: ["mon", "tue", "wed", "thu", "fri"],
  from: "09:00",
  to: "17:00",
};
const main = "+493012345";
const parsed = parseConfig({
  country: "DE",
  agents: { sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    inbound_routes: [
      { match: { to_uri: main, header: { name: "X-Contract", present: true } }, refuse: { code: 601 } },
      { match: { to_uri: main, caller_prefix: "+43" }, refuse: { code: 602 } },
      { match: { to_uri: main, hours }, agent_id: "sarah", on_failure: [{ refuse: { code: 480 } }] },
      { match: { to_user: "2003" }, refuse: { code: 603 } },
      { match: { to_pattern: "20[0-9]{2}" }, refuse: { code: 604 } },
      { match: { to_uri: "+493012346" }, refuse: { code: 605 } },
      { match: { to_uri: "112" }, refuse: { code: 606 } },
      { match: { to_user: "110" }, refuse: { code: 607 } },
    ],
  },
}).value;

function ask(call: Partial<InboundCall>) {
  if (parsed === undefined) throw new Error("the config is wrong");
  const monday = Date.UTC(2026, 5, 1, 10) / 1000;
  const { route, called, destinations, passed } = decide(parsed, {
    trunk: "crew",
    headers: [],
    time: monday,
    ...call,
  });
  return {
    route: route?.index,
    called,
    to: destinations.map((d) => (d.type === "refuse" ? d.code : d.type)),
    passed: passed.map((p) => `${p.route.index} ${p.missed}`),
  };
}

describe("decide", () => {
  it("names the route, what the agent is called by and what is tried", () => {
    expect(ask({ user: "030 12345".replace(" ", "-") })).toEqual({
      route: 2,
      called: main,
      to: ["agent", 480],
      passed: ["0 header", "1 caller_prefix"],
    });
  });

  it("takes an escaped + for one", () => {
    for (const user of [main.replace("+", "%2B"), main.replace("+", "%2b")])
      expect(ask({ user }).called).toBe(main);
  });

  it("says of routes for the same number why they do not take the call", () => {
    const sunday = Date.UTC(2026, 5, 7, 10) / 1000;
    expect(ask({ user: main, from: "+4366012", headers: [{ name: "X-Other", value: "" }] }).route).toBe(1);
    expect(ask({ user: main, time: sunday })).toEqual({
      route: undefined,
      called: main,
      to: [],
      passed: ["0 header", "1 caller_prefix", "2 hours"],
    });
  });

  it("leaves what was dialled where a route asks for a user or a pattern", () => {
    expect(ask({ user: "2003" })).toMatchObject({ route: 3, called: "2003" });
    expect(ask({ user: "2004" })).toMatchObject({ route: 4, called: "2004" });
  });

  it("reads To where the Request-URI has the trunk's own name", () => {
    expect(ask({ user: "crew", to: "00493012345" })).toMatchObject({ route: 2, called: main });
    expect(ask({ user: "crew" })).toMatchObject({ route: undefined });
    expect(ask({})).toMatchObject({ route: undefined });
  });

  it("takes digits for a national number, unless only the international one has a route", () => {
    expect(ask({ user: "3012346" })).toMatchObject({ route: 5, called: "+493012346" });
    expect(ask({ user: "493012346" })).toMatchObject({ route: 5, called: "+493012346" });
  });

  it("leaves short numbers as they are", () => {
    expect(ask({ user: "112" })).toMatchObject({ route: 6, called: "112" });
    expect(ask({ user: "1-12" })).toMatchObject({ route: 6, called: "112" });
    expect(ask({ user: "1-10" })).toMatchObject({ route: 7, called: "110" });
    expect(ask({ user: "+49112" })).toMatchObject({ route: undefined });
  });

  it("knows no trunk that the Model does not have", () => {
    expect(() => ask({ trunk: "other" })).toThrow("no trunk other");
  });
});
