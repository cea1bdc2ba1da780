/** Blocks of numbers: each number of a thousand is found on the wire where its row says, and nothing else is. */
import { afterEach, describe, expect, test } from "vitest";
import { dense } from "../../../src/targets/kamailio/lower/dense.ts";
import { block, type Routing, routing, to } from "./many-routes.ts";

const entry = (number: string, value = "c1", trunk = "acme") => ({ key: `${trunk}:${number}`, value });
const row = (count: number, first = 1_000_000) =>
  Array.from({ length: count }, (_, i) => entry(`+1415${first + i}`, `c${1 + (i % 3)}`));

describe("rows", () => {
  test("a thousand numbers are a row, a code for each", () => {
    const { blocks, rest, width } = dense(row(2_000)) ?? {};
    expect(rest).toEqual([]);
    expect(width).toBe(1);
    expect(blocks?.map(({ key }) => key)).toEqual(["+14151000:11:acme", "+14151001:11:acme"]);
    expect(blocks?.map(({ value }) => `${value}`.slice(0, 4))).toEqual(["0120", "1201"]);
    expect(blocks?.map(({ value }) => `${value}`.length)).toEqual([1000, 1000]);
  });
  test("what lies alone is left, and numbers that nobody has are marked", () => {
    const alone = [
      entry("+4930123456"),
      entry("+14152000"),
      entry("support"),
      entry("u1.berlin"),
      entry("100"),
    ];
    const { blocks, rest } = dense([...alone, ...row(64), entry("+1415100077a")]) ?? {};
    expect(rest?.map(({ key }) => key)).toEqual([...alone, entry("+1415100077a")].map(({ key }) => key));
    expect(blocks).toHaveLength(1);
    expect(blocks?.[0]?.value).toMatch(/^[012]{64}-{936}$/);
  });
  test("the same numbers of two trunks, and lists that are not sorted", () => {
    const mixed = row(200).flatMap((e) => [e, { ...e, key: e.key.replace("acme", "other") }]);
    const { blocks, rest } = dense(mixed) ?? {};
    expect(rest).toEqual([]);
    expect(blocks?.map(({ key }) => key)).toEqual(["+14151000:11:acme", "+14151000:11:other"]);
  });
  test("names and short numbers, whose digits are counted", () => {
    const names = Array.from({ length: 100 }, (_, i) => entry(`2nd-desk${100 + i}`));
    const short = Array.from({ length: 100 }, (_, i) => entry(`${1100 + i}`));
    expect(dense([...names, ...short])?.blocks.map(({ key }) => key)).toEqual([
      "2nd-desk:4:acme",
      "1:4:acme",
    ]);
  });
  test.each([
    [61, 1],
    [62, 2],
    [3721, 2],
    [3722, 3],
  ])("%i values need codes of %i characters, all different", (count, width) => {
    const found = dense(
      Array.from({ length: 4_000 }, (_, i) => entry(`+1415${1_000_000 + i}`, `c${i % count}`)),
    );
    expect(found?.width).toBe(width);
    expect(new Set(found?.codes.values()).size).toBe(count);
    expect([...(found?.codes.values() ?? [])].join("")).toMatch(/^[0-9A-Za-z]+$/);
    expect(found?.blocks.every(({ value }) => `${value}`.length === 1000 * width)).toBe(true);
  });
  test("none where numbers lie apart", () => {
    expect(dense(row(63))).toBeUndefined();
    expect(dense(Array.from({ length: 5_000 }, (_, i) => entry(`+${10_000_000 + i * 17}`)))).toBeUndefined();
  });
});

let edge: Routing | undefined;
afterEach(() => edge?.close());

async function start(...args: Parameters<typeof routing>): Promise<Routing> {
  edge = await routing(...args);
  return edge;
}

/** What a caller may write for a number of a block, and is none of it. */
const odd = [
  "+14151000+37",
  "+14151000-37",
  "+14151000abc",
  "+141510000a7",
  "+14151000",
  "4151000037x",
  "u4151000037",
  "u14151000037",
];
const short = ["7", "37", "037", "x", "+", "-37"];

describe.each(["6.1", "6.0", "5.6"])("Kamailio %s", (engine) => {
  test("no places: agents of a block, national forms, the trunk's own name, what is none of its numbers", async () => {
    const routes = Array.from({ length: 5_000 }, (_, i) =>
      to(["a", "b", "c"][i % 3] ?? "", { to_uri: `+1415${1_000_000 + i}` }),
    ).filter((_, i) => i !== 1_005);
    const desks = Array.from({ length: 100 }, (_, i) => to("d", { to_user: `desk${100 + i}` }));
    const { finds, misses } = await start(engine, { crew_id: "desk100" }, [
      ...routes,
      ...desks,
      to("d", { to_user: "support" }),
      to("d", { to_uri: "+4930123456" }),
    ]);
    expect(await finds("+14151000000")).toBe("a +14151000000");
    expect(await finds("+14151000037")).toBe("b +14151000037");
    expect(await finds("+14151004999")).toBe("b +14151004999");
    expect(await finds("1-415-100-1004")).toBe("c +14151001004");
    expect(await finds("14151000037")).toBe("b +14151000037");
    expect(await finds("support")).toBe("d support");
    expect(await finds("+4930123456")).toBe("d +4930123456");
    expect(await finds("desk101")).toBe("d desk101");
    expect(await finds("desk100", { to: "+14151000038" })).toBe("c +14151000038");
    expect(await finds("desk100", { to: "support" })).toBe("d support");
    expect(await finds("desk100")).toBe("d desk100");
    const none = ["+14151001005", "+14151005000", "1-415-100-1005", "desk200", undefined];
    for (const user of [...none, ...odd, ...short]) expect(await misses(user), user).toBe("");
  });

  test("places are compared: rules before and after, names that are read as numbers", async () => {
    const { finds, misses } = await start(engine, { crew_id: "t", country: "DE" }, [
      to("b", { to_prefix: "+4930", caller_prefix: "+43" }),
      ...block(2_000, "+4930", 100_000),
      to("c", { to_user: "030102500" }),
      ...block(2_000, "+4930", 102_000),
      to("c", { to_prefix: "+49301045" }),
      ...block(2_000, "+4930", 104_000),
      to("c", { to_user: "030102501" }),
      to("d", { to_prefix: "+4930" }),
    ]);
    expect(await finds("+4930100000")).toBe("a +4930100000");
    expect(await finds("030105999")).toBe("a +4930105999");
    expect(await finds("004930-103-333")).toBe("a +4930103333");
    expect(await finds("030105999", { from: "+43660" })).toBe("b +4930105999");
    expect(await finds("030102500")).toBe("c 030102500");
    expect(await finds("+4930102500")).toBe("a +4930102500");
    expect(await finds("030102501")).toBe("a +4930102501");
    expect(await finds("+4930104500")).toBe("c +4930104500");
    expect(await finds("+4930106000")).toBe("d +4930106000");
    for (const user of ["+49401239", "+4930100-37x", ...short]) expect(await misses(user), user).toBe("");
  });

  test("more chains than one character can name", async () => {
    const routes = Array.from({ length: 5_000 }, (_, i) => ({
      ...to(["a", "b", "c", "d"][i % 4] ?? "", { to_uri: `+1415${1_000_000 + i}` }),
      ring_timeout: 10 + (i % 50),
    })).filter((_, i) => i !== 1_005);
    const { finds, misses } = await start(engine, {}, routes);
    expect(await finds("+14151000000")).toBe("a +14151000000");
    expect(await finds("+14151000037")).toBe("b +14151000037");
    expect(await finds("+14151004999")).toBe("d +14151004999");
    expect(await finds("1-415-100-1006")).toBe("c +14151001006");
    for (const user of ["+14151001005", "+14151005000", undefined, ...odd, ...short])
      expect(await misses(user), user).toBe("");
  });
});
