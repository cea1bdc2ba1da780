/** How national forms of a country become E.164. */
import { describe, expect, it } from "vitest";
import { numberPlan, toNumber, toPrefix } from "../../src/model/resolve/number.ts";

describe("a plan", () => {
  it.each([
    ["GB", "44", "00", "0"],
    ["DE", "49", "00", "0"],
    ["IT", "39", "00", ""],
    ["US", "1", "011", "1"],
  ])("of %s", (country, calling_code, international_prefix, national_prefix) => {
    expect(numberPlan(country)).toEqual({ country, calling_code, international_prefix, national_prefix });
  });

  it("is none where there is no such country", () => {
    expect(numberPlan("ZZ")).toBeUndefined();
  });
});

it.each([
  ["GB", "020 7183 8750", "+442071838750"],
  ["GB", "00 49 30 12345", "+493012345"],
  ["DE", "(030) 12-345", "+493012345"],
  ["US", "(415) 555-1111", "+14155551111"],
  ["US", "011 44 20 7183 8750", "+442071838750"],
  ["US", "911", "911"],
  ["US", "9-1-1", "911"],
  ["US", "+911", "+911"],
  ["US", "5550123", "+15550123"],
  ["DE", "tel:112", "112"],
  ["DE", "116117", "116117"],
  ["DE", "0049", "+49"],
])("in %s '%s' is %s", (country, text, expected) => {
  expect(toNumber(text, numberPlan(country))).toBe(expected);
});

it("has short numbers without a country too, but no starts of numbers that are short", () => {
  expect(toNumber("911", undefined)).toBe("911");
  expect(toNumber("5550123", undefined)).toBeUndefined();
  expect(toPrefix("030", numberPlan("DE"))).toBe("+4930");
});
