/** The table of exact entries holds one row for each key: that of the first route. */
import { expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const number = "+14155551111";

it.each<[string, readonly object[], readonly string[]]>([
  ["that differ", [{ to_uri: number }, { to_user: "main" }], ["/0", "/1"]],
  ["of the same number", [{ to_uri: number }, { to_user: "main" }, { to_uri: number }], ["/0", "/1"]],
  ["of a number and a user part that is that number", [{ to_uri: number }, { to_user: number }], ["/0"]],
])("has a row for each key of routes %s", (_, matches, places) => {
  const inbound_routes = matches.map((match) => ({ match, agent_id: "agent_sarah" }));
  const { value } = parseConfig({
    agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
    sip: { inbound_routes },
  });
  if (value === undefined) throw new Error("the config is wrong");
  const rows = lower(value).value?.tables.find((table) => table.name === "route")?.rows ?? [];
  expect(rows.map((row) => row.at)).toEqual(places.map((place) => `/sip/inbound_routes${place}`));
});
