/** Large route tables: entries that share rows are found on the wire, and nothing else is. */
import { afterEach, describe, expect, test } from "vitest";
import { dbTextLines } from "../../../src/targets/kamailio/escape.ts";
import { group } from "../../../src/targets/kamailio/lower/grouped.ts";
import { block, type Routing, routing, to } from "./many-routes.ts";

const entries = (count: number, name: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => ({ key: `acme:${name(i)}`, value: `c${i}` }));

describe("rows", () => {
  test("numbers share a row by their last digits, a line for each", () => {
    const { rows, grouping } = group(entries(20_000, (i) => `+1415${1_000_000 + i}`));
    expect(grouping).toEqual({ by: "end", characters: 3, lead: "" });
    expect(rows).toHaveLength(1000);
    expect(rows[7]).toMatchObject({ key: "007^" });
    expect(rows[7]?.value).toContain("acme:+14151013007^c13007");
  });
  test.each([5_000, 30_000, 200_000])("no row of %i numbers is long", (count) => {
    const { rows } = group(entries(count, (i) => `+${10_000_000_000 + ((i * 7_368_787) % 982_451_653)}`));
    const lines = rows.map((r) => (r.value as readonly string[]).length);
    expect(lines.reduce((sum, n) => sum + n, 0)).toBe(count);
    expect(Math.max(...lines)).toBeLessThanOrEqual(64);
  });
  test("one entry, all that is left of many that say the same", () => {
    expect(group(entries(1, () => "+14155551111")).rows).toEqual([
      { key: "1^", value: ["acme:+14155551111^c0"], at: undefined },
    ]);
  });
  test("names that end alike share a row by their MD5", () => {
    const { rows, grouping } = group(entries(6_000, (i) => `u${i}.office-berlin`));
    expect(grouping).toEqual({ by: "md5", characters: 2, lead: "" });
    expect(rows).toHaveLength(256);
  });
  test("a short trunk's name is led in, so that every entry has an end", () => {
    const short = entries(30_000, (i) => `${i}`).map((e) => ({ ...e, key: e.key.replace("acme", "t") }));
    const { rows, grouping } = group(short);
    expect(grouping).toEqual({ by: "end", characters: 4, lead: "--" });
    expect(rows.find((r) => r.key === "-t:7^")?.value).toEqual(["--t:7^c7"]);
  });
  test("lines of a field are parted as db_text reads them", () => {
    expect(dbTextLines(["a|b", "c\\d"])).toBe("a\\|b\\nc\\\\d");
    expect(() => dbTextLines([])).toThrow();
    expect(() => dbTextLines(["a\nb"])).toThrow();
  });
});

let edge: Routing | undefined;
afterEach(() => edge?.close());

async function start(...args: Parameters<typeof routing>): Promise<Routing> {
  edge = await routing(...args);
  return edge;
}

describe.each(["6.1", "6.0", "5.6"])("Kamailio %s", (engine) => {
  test("places are compared: rules before and after, national forms, names, misses", async () => {
    const { finds, misses } = await start(engine, { crew_id: "t", country: "DE" }, [
      to("b", { to_prefix: "+4930", caller_prefix: "+43" }),
      ...block(6_000, "+4930", 100_000, 17),
      to("c", { to_user: "support" }),
      to("c", { to_user: "7" }),
      to("d", { to_prefix: "+4930" }),
      to("d", { to_uri: "+49401239" }),
    ]);
    expect(await finds("+4930100000")).toBe("a +4930100000");
    expect(await finds("030201983")).toBe("a +4930201983");
    expect(await finds("004930-156-661")).toBe("a +4930156661");
    expect(await finds("030201983", { from: "+43660" })).toBe("b +4930201983");
    expect(await finds("support")).toBe("c support");
    expect(await finds("7")).toBe("c 7");
    expect(await finds("+4930202000")).toBe("d +4930202000");
    expect(await finds("0401239")).toBe("d +49401239");
    for (const user of ["Support", "8", "x", "ort", "support^", "7^6001/c3", "+49401239^", "+49401234"])
      expect(await misses(user), user).toBe("");
  });

  test("no places: numbers, names that end alike, misses", async () => {
    const names = Array.from({ length: 5_000 }, (_, i) => to("c", { to_user: `u${i}.berlin` }));
    const { finds, misses } = await start(engine, {}, [...names, to("a", { to_uri: "+14155551111" })]);
    expect(await finds("u0.berlin")).toBe("c u0.berlin");
    expect(await finds("u4999.berlin")).toBe("c u4999.berlin");
    expect(await finds("1-415-555-1111")).toBe("a +14155551111");
    for (const user of ["u5000.berlin", "u499.berli", "U0.berlin", "u0.berlin^c1", "+1415555111"])
      expect(await misses(user), user).toBe("");
  });
});
