import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EscapeError } from "../../../src/targets/escape/escaped.ts";
import {
  nftAddress,
  nftComment,
  nftName,
  nftNetwork,
  nftPort,
  nftString,
  nftWord,
} from "../../../src/targets/nftables/escape.ts";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { lines, type Nft, nftOf } from "./firewall.ts";

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      "\\",
      ";",
      "#",
      "{",
      "}",
      "$",
      "@",
      "\n",
      "\r",
      "\0",
      " ",
      "›",
      "flush ruleset",
      "'",
    ),
    maxLength: 40,
  }),
);

describe("nft text", () => {
  test("takes no address that nft would read in another way", () => {
    const bad = [
      "010.0.0.1",
      "1.2.3",
      "localhost",
      "::1%lo",
      "0x7f.1",
      "1.2.3.4/24",
      "",
      "2001:DB8::1",
      "1.2.3.4\n",
    ];
    for (const address of bad) expect(() => nftAddress(address), address).toThrow(EscapeError);
    for (const prefix of [-1, 33, 1.5, Number.NaN])
      expect(() => nftNetwork("10.0.0.0", prefix)).toThrow(EscapeError);
    for (const port of [0, 65_536, 1.5]) expect(() => nftPort(port)).toThrow(EscapeError);
    for (const name of ["1a", "a b", "a;b", 'a"', ""]) expect(() => nftName(name)).toThrow(EscapeError);
    expect(() => nftWord("drop" as string, ["accept"])).toThrow(EscapeError);
  });

  test("never ends a string or a comment line", () => {
    fc.assert(
      fc.property(nasty, (value) => {
        expect(nftString(value)).toMatch(/^"[^"\p{Cc}\p{Cs}\u2028\u2029]*"$/u);
        expect(Buffer.byteLength(nftString(value))).toBeLessThanOrEqual(130);
        expect(nftComment(value)).toMatch(/^[^\p{Cc}\p{Cs}\u2028\u2029\\]*$/u);
      }),
    );
  });
});

describe.each(lines)("through nft of engine line %s", (line) => {
  let lab: Lab;
  let nft: Nft;
  beforeAll(async () => {
    await labEngine(line);
    lab = await openLab();
    nft = await nftOf(lab, line);
  }, 600_000);
  afterAll(() => lab.close());

  test("every comment arrives as it was escaped, and adds nothing", async () => {
    const values = fc.sample(nasty, { numRuns: 300, seed: 11 });
    const rules = values.map(
      (v) => `# ${nftComment(v)}\nadd rule inet t c tcp dport 9 accept comment ${nftString(v)}`,
    );
    const file = join(lab.dir, "comments.nft");
    writeFileSync(file, `add table inet t\nadd chain inet t c\n${rules.join("\n")}\n`);
    await nft("-f", file);
    const listed = JSON.parse(await nft("-j", "list", "ruleset")) as {
      nftables: { rule?: { comment?: string }; table?: object; chain?: object; metainfo?: object }[];
    };
    const found = listed.nftables.flatMap((o) => (o.rule ? [o.rule.comment ?? ""] : []));
    expect(found).toEqual(values.map((v) => nftString(v).slice(1, -1)));
    expect(listed.nftables.length).toBe(values.length + 3);
  });

  test("every network that is accepted is the network that nft holds", async () => {
    const addresses = [
      ...fc.sample(fc.ipV4(), { numRuns: 150, seed: 3 }),
      ...fc.sample(fc.ipV6(), { numRuns: 150, seed: 3 }),
    ].filter((address) => {
      try {
        nftAddress(address);
        return true;
      } catch {
        return false;
      }
    });
    expect(addresses.length).toBeGreaterThan(200);
    const rules = addresses.map(
      (a) =>
        `add rule inet a c ${a.includes(":") ? "ip6" : "ip"} saddr ${nftNetwork(a, a.includes(":") ? 128 : 32)} accept`,
    );
    const file = join(lab.dir, "addresses.nft");
    writeFileSync(file, `add table inet a\nadd chain inet a c\n${rules.join("\n")}\n`);
    await nft("-f", file);
    const listed = JSON.parse(await nft("-j", "list", "chain", "inet", "a", "c")) as {
      nftables: { rule?: { expr: { match?: { right: string } }[] } }[];
    };
    const found = listed.nftables.flatMap(
      (o) => o.rule?.expr.flatMap((e) => (e.match ? [e.match.right] : [])) ?? [],
    );
    const canonical = (a: string): string => (a.includes(":") ? new URL(`http://[${a}]`).host : a);
    expect(found.map(canonical)).toEqual(addresses.map(canonical));
  });
});
