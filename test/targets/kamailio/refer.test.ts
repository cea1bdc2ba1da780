/** Whom a transfer may name, as rows of the script's table. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

function lowered(sip: object) {
  const { value } = parseConfig({ crew_id: "acme", sip });
  const doc = value === undefined ? undefined : lower(value).value;
  return [
    doc?.has.refer,
    doc?.tables.find((t) => t.name === "refer")?.rows?.map((r) => [r.key, r.value, r.at]),
  ];
}

const outbound = {
  uri: "sip:provider.example",
  allowed_destinations: ["+1", "+49"],
  denied_destinations: ["+1900"],
};

test.each([
  ["what `outbound` allows", { refer: "pass", outbound }, "+1,+49^+1900"],
  ["a list of its own", { refer: "pass", outbound, refer_to: ["2003", "+1415"] }, "+1415,2003^+1900"],
  ["a list without `outbound`", { refer: "pass", refer_to: ["2003"] }, "2003^"],
  ["nobody", { refer: "pass" }, "^"],
])("is %s", (_, sip, row) => {
  expect(lowered(sip)).toEqual([true, [["acme", row, "/sip/refer"]]]);
});

test("is nothing where transfers are off", () => {
  expect(lowered({ outbound })).toEqual([false, undefined]);
});
