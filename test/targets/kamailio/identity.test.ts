/** Custom headers and callers as tables, and a script that has of them only what the config uses. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { emit } from "../../../src/targets/kamailio/emit.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const agents = { a: { uri: "sip:10.0.4.10" } };
const inbound_routes = [{ match: { to_user: "main" }, agent_id: "a" }];
const outbound = { uri: "sip:provider.example" };

function docOf(sip: object, trunk: object = {}) {
  const { value, diagnostics } = parseConfig({ agents, ...trunk, sip: { inbound_routes, ...sip } });
  const doc = value === undefined ? undefined : lower(value).value;
  if (doc === undefined) throw new Error(JSON.stringify(diagnostics));
  return doc;
}

const rows = (sip: object, table: string, trunk: object = {}) =>
  docOf(sip, trunk)
    .tables.find((t) => t.name === table)
    ?.rows?.map((r) => [r.key, r.value, r.at]);

const script = (sip: object, trunk: object = {}): string =>
  emit(docOf(sip, trunk)).find((a) => a.path === "kamailio/kamailio.cfg")?.text ?? "";

/** The names of the routes that a config has beyond those of a plain one. */
function added(sip: object, trunk: object = {}): readonly string[] {
  const routes = (text: string) => [...text.matchAll(/^route\[(\w+)\]/gm)].map((m) => m[1]);
  const plain = new Set(routes(script({})));
  return routes(script(sip, trunk)).flatMap((name) => (name === undefined || plain.has(name) ? [] : [name]));
}

describe("the caller", () => {
  it.each([
    [{ source: "pai" }, "P-Asserted-Identity^From"],
    [{ source: "pai", fallback: "rpid" }, "P-Asserted-Identity^Remote-Party-ID"],
    [{ source: "from", fallback: "ppi" }, "From^P-Preferred-Identity"],
  ])("%j is a row of headers", (caller_id, value) => {
    expect(rows({ caller_id }, "identity")).toEqual([["crew", value, "/sip/caller_id"]]);
  });

  it("is From without a word of the script", () => {
    expect(script({ caller_id: { source: "from", fallback: "from" } })).toBe(script({}));
    expect(docOf({ caller_id: { source: "from" } }).tables.map((t) => t.name)).not.toContain("identity");
  });

  it("is completed where the trunk has a country, without a table of headers", () => {
    expect(added({}, { country: "DE" })).toContain("COMPLETE");
    expect(added({}, { country: "DE" })).not.toContain("READ_CALLER");
    expect(added({ caller_id: { source: "pai" } })).not.toContain("COMPLETE");
  });
});

describe("custom headers", () => {
  const inbound = [
    { header: "X-Customer-ID", variable: "customer_id" },
    { header: "Subject", variable: "topic" },
  ];

  it("of inbound calls are one row of a trunk", () => {
    expect(rows({ custom_headers: { inbound } }, "variable")).toEqual([
      ["crew", "X-Customer-ID^customer_id^Subject^topic", "/sip/custom_headers/inbound/0"],
    ]);
    expect(added({ custom_headers: { inbound } })).toEqual(["VARIABLES"]);
  });

  it.each([
    ["text", "X-A^text"],
    ["{{a}}", "X-A^^a^"],
    ["id={{ a }};b={{b_2}}", "X-A^id=^a^;b=^b_2^"],
    ["{{a}}{{b}}", "X-A^^a^^b^"],
    ["5 % ^ {{a}} x ", "X-A^5 %25 %5E%20^a^%20x%20"],
  ])("%j of outbound calls is %s", (value, expected) => {
    const custom_headers = { outbound: [{ header: "X-A", value }] };
    expect(rows({ outbound, custom_headers }, "custom")).toEqual([
      ["crew:0", expected, "/sip/custom_headers/outbound/0"],
    ]);
  });

  it("of outbound calls are nothing where there are none", () => {
    expect(added({ custom_headers: { outbound: [{ header: "X-A", value: "b" }] } })).toEqual([]);
    expect(added({ outbound })).not.toContain("CUSTOM_OUT");
  });
});

it("Diversion is in the script for forwards only", () => {
  const forward = [{ match: { to_user: "main" }, forward: "+14155550100" }];
  expect(added({ outbound, inbound_routes: forward })).toContain("DIVERSION");
  expect(added({ outbound })).not.toContain("DIVERSION");
});
