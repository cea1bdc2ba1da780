/** What the escapers let through comes out of the real parsers as it went in; what they do not, they refuse. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  dbTextField,
  isPrintable,
  kamComment,
  kamFormat,
  kamString,
  kamToken,
  listField,
} from "../../../src/targets/kamailio/escape.ts";
import { labEngine } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";

const nasty = [
  '"',
  "\\",
  '\\"',
  "$ru",
  "$$",
  "\\$ru",
  "a|b",
  "a\\|b",
  "#!define X",
  "'; exit;",
  "`id`",
  "{{x}}",
  "ü€😀",
  "%00",
  " lead and trail ",
  "x".repeat(2000),
];
const generated = fc.sample(
  fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(..."\"\\$|#;{}()!'`^ \tn".split("")), minLength: 1, maxLength: 30 }),
  ),
  { numRuns: 400, seed: 4475 },
);
const printable = [...nasty, ...generated].filter((v) => isPrintable(v));
const others = generated.filter((v) => !isPrintable(v)).concat("a\nb", "a\rb", "\0", "\ud800", "\u2028");

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

describe("through the real Kamailio", () => {
  const tables: Record<string, Map<string, string>> = {};

  beforeAll(async () => {
    const runtime = await labEngine();
    const dir = join(lab.dir, "escape");
    mkdirSync(join(dir, "data"), { recursive: true });
    const head = "key_name(string) key_type(int) value_type(int) key_value(string) expires(int)";
    const rows = printable.map((v, i) => `k${i}|0|0|${dbTextField(v)}|0`);
    writeFileSync(join(dir, "data/stored"), `${[head, ...rows].join("\n")}\n`);
    writeFileSync(join(dir, "data/version"), "table_name(string) table_version(int)\nstored|2\n");
    const cfg = [
      ...["debug=0", "log_stderror=yes", "children=1", "disable_tcp=yes", "listen=udp:127.0.0.1:5999"],
      ...["db_text", "ctl", "pv", "htable"].map((m) => `loadmodule "${m}.so"`),
      ...["literal", "parameter"].map((t) => `modparam("htable", "htable", "${t}=>size=8;")`),
      'modparam("htable", "htable", "stored=>size=8;dbtable=stored;")',
      `modparam("htable", "db_url", "text://${dir}/data")`,
      'modparam("db_text", "db_delim", "|")',
      `modparam("ctl", "binrpc", "unixs:${dir}/ctl.sock")`,
      "event_route[htable:mod-init] {",
      ...printable.map((v, i) => `$sht(literal=>k${i}) = "${kamString(v)}";`),
      ...printable.map((v, i) => `sht_setxs("parameter", "k${i}", "${kamFormat(v)}", "0");`),
      "}",
      ...printable.map((v) => `# ${kamComment(v)}`),
      "request_route { exit; }",
    ];
    writeFileSync(join(dir, "test.cfg"), `${cfg.join("\n")}\n`);
    const args = [
      "-f",
      join(dir, "test.cfg"),
      "-DD",
      "-E",
      "-L",
      runtime.kamailioModules,
      "-w",
      dir,
      "-Y",
      dir,
    ];
    const running = await lab.spawn("kamailio", runtime.command("kamailio", args), { cwd: dir });
    const ask = (...what: string[]) =>
      lab.exec(runtime.command("kamcmd", ["-s", `unix:${dir}/ctl.sock`, ...what]));
    for (let tried = 0; (await ask("core.uptime")).code !== 0; tried++) {
      if (tried > 50) throw new Error(running.lines.slice(-10).join("\n"));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const table of ["literal", "parameter", "stored"]) {
      const { output } = await ask("htable.dump", table);
      const entries = [...output.matchAll(/name: (k\d+)\n\s*value: (.*)\n/g)];
      tables[table] = new Map(entries.map((m) => [m[1] ?? "", m[2] ?? ""]));
    }
  });

  test.each(["literal", "parameter", "stored"])("%s: every value is what it was", (table) => {
    expect(printable.length).toBeGreaterThan(100);
    expect(tables[table]?.size).toBe(printable.length);
    for (const [i, value] of printable.entries())
      expect([i, tables[table]?.get(`k${i}`)]).toEqual([i, value]);
  });
});

describe("what no grammar carries", () => {
  test("is refused", () => {
    expect(others.length).toBeGreaterThan(20);
    for (const value of others) {
      for (const grammar of [kamString, kamFormat, dbTextField]) expect(() => grammar(value)).toThrow();
    }
  });

  test("never ends a comment", () => {
    for (const value of others) expect(kamComment(value)).not.toMatch(/[\r\n\0]/);
  });

  test("tokens and list fields stand without quotes, so they hold nothing that has a meaning", () => {
    for (const value of ["a b", "a;b", 'a"', "a#b", "", "a\n", "$x", "a{"])
      expect(() => kamToken(value)).toThrow();
    for (const value of ["a b", "", "a#b", 'a"b', "a\\b", "ü", "a\n"])
      expect(() => listField(value)).toThrow();
    expect(kamToken("[2001:db8::1]")).toBe("[2001:db8::1]");
    expect(listField("sip:u;x=1@[2001:db8::1]:5060;transport=tcp")).toContain("transport=tcp");
  });
});
