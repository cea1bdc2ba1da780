/** Limits of a trunk, and of each direction, as rows of the script's table. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const lowered = (limits: object) => {
  const draft = {
    crew_id: "acme",
    limits,
    sip: { outbound: { uri: "sip:192.0.2.1", allowed_destinations: ["+1"] } },
  };
  const { value } = parseConfig(draft);
  const doc = value === undefined ? undefined : lower(value).value;
  if (doc === undefined) throw new Error("the config of this test does not compile");
  const rows = doc.tables.find((t) => t.name === "limit")?.rows ?? [];
  return { has: doc.has, rows: rows.map((r) => [r.key, r.value, r.at]) };
};

test("each limit is a row that knows its property", () => {
  const { has, rows } = lowered({
    calls: 9,
    calls_per_second: 4,
    inbound: { calls: 6, calls_per_second: 3 },
    outbound: { calls: 5, calls_per_second: 2 },
  });
  expect(rows).toEqual([
    ["acme:calls", 9, "/limits/calls"],
    ["acme:cps", 4, "/limits/calls_per_second"],
    ["acme.inbound:calls", 6, "/limits/inbound/calls"],
    ["acme.inbound:cps", 3, "/limits/inbound/calls_per_second"],
    ["acme.outbound:calls", 5, "/limits/outbound/calls"],
    ["acme.outbound:cps", 2, "/limits/outbound/calls_per_second"],
  ]);
  expect(has).toMatchObject({ limits: true, directions: true });
});

test("directions are in the script only where one has a limit of its own, limits only where there are any", () => {
  expect(lowered({ calls: 9 }).has).toMatchObject({ limits: true, directions: false });
  expect(lowered({ outbound: { calls_per_second: 2 } }).has).toMatchObject({
    limits: true,
    directions: true,
  });
  expect(lowered({}).has).toMatchObject({ limits: false, directions: false });
});

test("the time of calls is a row of its own, and in the script only where a trunk has one", () => {
  const over = (limits: object) => {
    const { value } = parseConfig({ crew_id: "acme", limits, sip: {} });
    const doc = value === undefined ? undefined : lower(value).value;
    return [doc?.has.ends, doc?.tables.find((t) => t.name === "over")?.rows];
  };
  expect(over({})).toEqual([false, undefined]);
  expect(over({ call_minutes: 60 })).toEqual([true, [{ key: "acme", value: "3600/60", at: "/limits" }]]);
  expect(over({ media_timeout: 30 })).toEqual([true, [{ key: "acme", value: "0/30", at: "/limits" }]]);
});
