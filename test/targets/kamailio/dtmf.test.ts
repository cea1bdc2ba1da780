/** Which trunks' digits change their form. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

function lowered(sip: object) {
  const { value } = parseConfig({ crew_id: "acme", sip });
  const doc = value === undefined ? undefined : lower(value).value;
  return [doc?.has.dtmf, doc?.tables.find((t) => t.name === "dtmf")?.rows];
}

test("those that say so are rows of the script's table, which is there only where some do", () => {
  expect(lowered({ dtmf: "rfc4733" })).toEqual([true, [{ key: "acme", value: 1, at: "/sip/dtmf" }]]);
  expect(lowered({ dtmf: "info" })).toEqual([true, [{ key: "acme", value: 2, at: "/sip/dtmf" }]]);
  expect(lowered({ dtmf: "auto" })).toEqual([false, undefined]);
  expect(lowered({})).toEqual([false, undefined]);
});
