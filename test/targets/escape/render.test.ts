import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../src/core/package.ts";
import { type Context, trusted } from "../../../src/targets/escape/escaped.ts";
import { gkeyComment, gkeyInteger, gkeyName, gkeyString } from "../../../src/targets/escape/gkeyfile.ts";
import { render } from "../../../src/targets/escape/render.ts";

const entry = (at: string | undefined): Context<"gkeyfile.key" | "gkeyfile.value"> => ({
  at: at === undefined ? undefined : { origin: at },
  option: gkeyName("tos"),
  value: gkeyInteger(184),
});

const context = {
  edge: gkeyComment("e"),
  engine: gkeyComment("6.1"),
  groups: [{ title: gkeyComment("t"), settings: [entry("/network/rtp"), entry(undefined)] }],
};

describe("a template", () => {
  test("prints what it is given, once, and maps the lines", () => {
    const { text, lines } = render("rtpengine/rtpengine.conf", context);
    expect(text.split("\n").slice(-4)).toEqual(["# t", "tos = 184", "tos = 184", ""]);
    expect(lines.length).toBe(text.split("\n").length - 1);
    expect(lines.slice(-2)).toEqual(["/network/rtp", undefined]);
    expect(text).not.toContain("\0");
  });

  test("does not escape a second time and finds no meaning in values", () => {
    const value = gkeyString("<a & 'b'> {{edge}} {{{edge}}} {{at at}}");
    const { text } = render("rtpengine/rtpengine.conf", {
      ...context,
      groups: [{ title: value, settings: [] }],
    });
    expect(text).toContain("# <a & 'b'> {{edge}} {{{edge}}} {{at at}}\n");
  });

  test("fails where a name is missing", () => {
    const { edge: _, ...without } = context;
    expect(() => render("rtpengine/rtpengine.conf", without)).toThrow(/edge/);
  });

  test("takes only escaped text of its grammar", () => {
    // @ts-expect-error a raw string is no escaped text
    const raw: Context<"a"> = { x: "text" };
    // @ts-expect-error text that was escaped for another grammar is raw here
    const other: Context<"a"> = { x: [trusted<"b">("text")] };
    const right: Context<"a"> = { x: [{ y: trusted<"a">("text"), n: 1, yes: true, none: undefined }] };
    expect([raw, other, right]).toHaveLength(3);
  });
});

test("no template prints without escaping twice, or takes a partial from data", () => {
  const root = join(packageRoot(), "templates");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".hbs"));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    expect(text, file).not.toMatch(/\{\{\{|\{\{&|\{\{>\s*\(/);
  }
});
