import { describe, expect, it } from "vitest";
import { renderGithub } from "../../src/cli/reporters/github.ts";
import { renderJson } from "../../src/cli/reporters/json.ts";
import { resolveSpans } from "../../src/cli/reporters/located.ts";
import { renderSarif } from "../../src/cli/reporters/sarif.ts";
import { renderText } from "../../src/cli/reporters/text.ts";
import type { Diagnostic } from "../../src/core/diagnostic.ts";
import type { Span } from "../../src/core/span.ts";
import { spanBetween } from "../../src/load/place.ts";

/** The span of a stretch of the text, at its nth occurrence. */
function at(text: string, part: string, file = "crew.config.ts"): Span {
  const start = text.indexOf(part);
  return spanBetween(file, text, start, start + part.length);
}

const source = [
  'import { defineTrunk } from "crew";',
  "export default defineTrunk({",
  '  sip: { inbound_routes: [{ match: {}, agent_id: "agent_sara" }] },',
  "});",
  "",
].join("\n");

const unknownAgent: Diagnostic = {
  code: "CREW2101",
  severity: "error",
  message: "Trunk 'crew' has no agent 'agent_sara'.",
  why: "Calls have to go somewhere.",
  help: "Did you mean 'agent_sarah'?",
  span: at(source, '"agent_sara"'),
  related: [{ label: "the trunk", span: at(source, "defineTrunk({") }],
};

const text = (diagnostics: readonly Diagnostic[], from = source, color = false) =>
  renderText(diagnostics, { color, source: () => from });

describe("text", () => {
  it("shows what, where, why and what to do", () => {
    expect(text([unknownAgent])).toMatchInlineSnapshot(`
      "error[CREW2101]: Trunk 'crew' has no agent 'agent_sara'.
        --> crew.config.ts:3:50
          3 │   sip: { inbound_routes: [{ match: {}, agent_id: "agent_sara" }] },
            │                                                  ^^^^^^^^^^^^
        ··· crew.config.ts:2:16 the trunk
          2 │ export default defineTrunk({
            │                -------------
        why: Calls have to go somewhere.
        help: Did you mean 'agent_sarah'?

      1 error. See 'crew explain CREW2101'.
      "
    `);
  });

  it("says nothing about nothing", () => {
    expect(text([])).toBe("");
  });

  it("colours only where it is told to", () => {
    expect(text([unknownAgent], source, true)).toContain("\u001b[");
    expect(text([unknownAgent])).not.toContain("\u001b[");
  });

  it("does without a place, and without a file", () => {
    const { span: _, related: __, ...rest } = unknownAgent;
    expect(text([{ ...rest, pointer: "/sip/x" }])).toContain("  --> /sip/x\n  why:");
    expect(renderText([unknownAgent], { color: false, source: () => undefined })).toContain(
      "  --> crew.config.ts:3:50\n  ··· crew.config.ts:2:16 the trunk\n",
    );
  });

  it("holds a flood back and counts it", () => {
    const many = Array.from(
      { length: 20 },
      (_, i): Diagnostic => ({ ...unknownAgent, message: `${unknownAgent.message} ${i}` }),
    );
    const warnings = Array.from(
      { length: 70 },
      (_, i): Diagnostic => ({ code: `CREW3${100 + i}`, severity: "warning", message: "W." }),
    );
    const shown = text([...warnings, ...many]);
    expect(shown.match(/^error\[/gm)).toHaveLength(5);
    expect(shown.match(/^warning\[/gm)).toHaveLength(45);
    expect(shown).toContain("… and 15 more CREW2101\n");
    expect(shown).toContain("20 errors, 70 warnings.");
    expect(shown.match(/ {2}why:/g)).toHaveLength(1);
  });

  it("says once what is wrong at one place many times, as in a function that makes routes", () => {
    const shown = text(Array.from({ length: 20 }, () => unknownAgent));
    expect(shown.match(/^error\[/gm)).toHaveLength(1);
    expect(shown).toContain("… and 19 more CREW2101\n");
    expect(shown).toContain("20 errors.");
  });

  const marked = (line: string, part: string, pointer?: string) => {
    const span = at(line, part);
    const [, , shown = "", underline = ""] = text(
      [
        {
          code: "CREW1001",
          severity: "error",
          message: "M.",
          span,
          ...(pointer === undefined ? {} : { pointer }),
        },
      ],
      line,
    ).split("\n");
    const from = underline.indexOf("^");
    return { shown: shown.slice(8), under: [...shown].slice(from, underline.length).join("") };
  };

  it("underlines behind tabs, wide code points and CRLF", () => {
    expect(marked('\t\ta: "𝄞x", b: 1\r\n', "1").under).toBe("1");
    expect(marked("{\r\n  b: 12,\r\n}", "12").under).toBe("12");
    expect(marked("b: {\n c: 1 }", "{\n c: 1 }").under).toBe("{");
  });

  it("cuts long lines around the place", () => {
    const { shown, under } = marked(`${"x".repeat(5000)}HERE${"y".repeat(5000)}`, "HERE");
    expect(under).toBe("HERE");
    expect([...shown].length).toBeLessThan(120);
  });

  it.each([
    ['password: "hunter2", x: 1', "1"],
    ["'password' : 'hunter2', x: 1", "1"],
    ['{ "password": "hunter2", "x": 1 }', "1"],
    ["const TRUNK_PASSWORD = `hunter2`; x(1)", "1"],
    ['const passwd: string = "hunter2"; x(1)', "1"],
    ['env["API_TOKEN"] = "hunter2"; x(1)', "1"],
    ['password: "hunt\\"hunter2", x: 1', "1"],
    ["1, password: 'hunter2", "1"],
    ["1, password: `hunter2", "1"],
    ['passwrd: "hunter2", x: 1', "1"],
    ['pass: "hunter2", x: 1', "1"],
    ['{ "secrt": "hunter2", "x": 1 }', "1"],
    ['const PW = "hunter2"; x(1)', "1"],
    ['secret: "hunter2", x: 1', "1"],
    ['secret("hunter2 !"), x: 1', "1"],
    ['uri: "sip:bob:hunter2@10.0.4.10", x: 1', "1"],
  ])("masks the password in %s", (line, part) => {
    const { shown, under } = marked(line, part);
    expect(shown).not.toContain("hunter2");
    expect(shown).toContain("•••");
    expect(under).toBe("1");
  });

  it("masks a password that lacks its quotes in JSON", () => {
    const line = '{ "x": 1, "password": hunter2 }';
    const span = at(line, "1", "crew.config.json");
    const shown = text([{ code: "CREW1016", severity: "error", message: "M.", span }], line);
    expect(shown).toContain('"password": ••• }');
  });

  it("masks what a password's pointer leads to, wherever it stands", () => {
    const { shown, under } = marked('const x = "hunter2";', '"hunter2"', "/sip/auth/password");
    expect(shown).toBe('const x = "•••";');
    expect(under).toBe('"•••"');
    expect(marked("const x = hunter2;", "hunter2", "/sip/auth/password").shown).toBe("const x = •••;");
    expect(marked('password:\n  "hunter2", y', "y").shown).not.toContain("hunter2");
  });

  it("masks the values of unknown names in auth, and no known ones", () => {
    const line = 'auth: { type: "digest", username: "office", key: "hunter2", x: 1 }';
    expect(marked(line, "key", "/sip/auth/key").shown).toBe(
      'auth: { type: "digest", username: "office", key: "•••", x: 1 }',
    );
  });

  it("shows the name of a password that should not be there", () => {
    expect(marked('x: 1, password: "hunter2"', "password", "/sip/auth/password")).toEqual({
      shown: 'x: 1, password: "•••"',
      under: "password",
    });
  });

  it("leaves names of secrets as they are", () => {
    expect(marked('password: secret("TRUNK_PASSWORD"), x: 1', "1").shown).toContain("TRUNK_PASSWORD");
    expect(marked('secret: "TRUNK_PASSWORD", x: 1', "1", "/sip/auth/password").shown).toContain(
      "TRUNK_PASSWORD",
    );
    expect(marked('password: secret("TRUNK_PASSWORD"), x: 1', "1").shown).toContain("TRUNK_PASSWORD");
    expect(marked('{ "secret": "TRUNK_PASSWORD", "x": 1 }', "1").shown).toContain("TRUNK_PASSWORD");
  });

  it("shows control characters instead of obeying them", () => {
    const evil = "\u001b[2J\u202e\u0000\u009b31m\ud800";
    const shown = text(
      [{ code: "CREW1001", severity: "error", message: evil, help: evil, span: at(`x ${evil}`, "x") }],
      `x ${evil}`,
    );
    for (const character of ["\u001b", "\u202e", "\u0000", "\u009b", "\ud800"])
      expect(shown).not.toContain(character);
    expect(shown).toContain("\\u001b[2J\\u202e\\u0000\\u009b31m\\ud800");
  });
});

describe("json", () => {
  it("is one document", () => {
    const document = JSON.parse(
      renderJson({ verb: "check", exitCode: 1, diagnostics: [unknownAgent], data: undefined }),
    );
    expect(document).toEqual({
      format_version: 1,
      verb: "check",
      exit_code: 1,
      diagnostics: [unknownAgent],
      data: null,
    });
  });
});

describe("github", () => {
  it("gives one escaped command a line", () => {
    const odd: Diagnostic = {
      code: "CREW1001",
      severity: "info",
      message: "50 %\r\n::error::x",
      span: at("ab", "b", "a:b,c%.ts"),
    };
    expect(renderGithub([unknownAgent, odd])).toBe(
      "::error file=crew.config.ts,line=3,endLine=3,col=50,endColumn=62,title=CREW2101::Trunk 'crew' has no agent 'agent_sara'.%0ACalls have to go somewhere.%0ADid you mean 'agent_sarah'?\n" +
        "::notice file=a%3Ab%2Cc%25.ts,line=1,endLine=1,col=2,endColumn=3,title=CREW1001::50 %25\\u000d%0A::error::x\n",
    );
  });
});

describe("sarif", () => {
  it("names the rule, the place and the related places", () => {
    const log = JSON.parse(renderSarif([unknownAgent, { ...unknownAgent, code: "CREW1001" }], "0.1.0"));
    const [run] = log.runs;
    expect(log.version).toBe("2.1.0");
    expect(run.tool.driver.rules.map((r: { id: string }) => r.id)).toEqual(["CREW1001", "CREW2101"]);
    expect(run.results[0]).toMatchObject({
      ruleId: "CREW2101",
      ruleIndex: 1,
      level: "error",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "crew.config.ts" },
            region: { startLine: 3, startColumn: 50, endLine: 3, endColumn: 62 },
          },
        },
      ],
      relatedLocations: [{ message: { text: "the trunk" } }],
    });
  });

  it("encodes file names", () => {
    expect(renderSarif([{ ...unknownAgent, span: at("a", "a", "x y/ü#.ts") }], "0.1.0")).toContain(
      '"uri": "x%20y/%C3%BC%23.ts"',
    );
  });
});

describe("resolveSpans", () => {
  it("finds places, related ones included, and sorts by file, line and column", async () => {
    const origins = {
      locate: async (pointer: string, part?: "key" | "value") => ({
        file: pointer.startsWith("/b") ? "b.ts" : "a.ts",
        start: {
          line: Number(pointer.slice(2)),
          column: part === "key" ? 1 : 9,
          offset: Number(pointer.slice(2)),
        },
        end: { line: 9, column: 9, offset: 99 },
      }),
    };
    const make = (pointer: string): Diagnostic => ({
      code: "CREW1001",
      severity: "error",
      message: "M.",
      pointer,
      related: [{ label: "l", pointer: "/a7", part: "key" }],
    });
    const found = await resolveSpans(
      [make("/b1"), make("/a3"), make("/a2"), { code: "CREW1002", severity: "error", message: "M." }],
      origins,
    );
    expect(found.map((d) => `${d.span?.file}:${d.span?.start.line}`)).toEqual([
      "undefined:undefined",
      "a.ts:2",
      "a.ts:3",
      "b.ts:1",
    ]);
    expect(found[1]?.related?.[0]?.span?.start).toMatchObject({ line: 7, column: 1 });
  });

  it("looks up the first of a flood and puts them first", async () => {
    let asked = 0;
    const origins = {
      locate: async () => {
        asked++;
        return {
          file: "a.ts",
          start: { line: 1, column: 1, offset: 0 },
          end: { line: 1, column: 2, offset: 1 },
        };
      },
    };
    const flood = Array.from(
      { length: 5000 },
      (_, i): Diagnostic => ({ code: "CREW1001", severity: "error", message: "M.", pointer: `/${i}` }),
    );
    const other: Diagnostic = { code: "CREW1002", severity: "error", message: "M.", pointer: "/x" };
    const found = await resolveSpans([...flood, other], origins);
    expect(asked).toBe(101);
    expect(found[100]).toMatchObject({ code: "CREW1002", span: { file: "a.ts" } });
    expect([...found.slice(0, 100), ...found.slice(101, 102)].map((d) => d.span?.file)).toEqual([
      ...new Array<string>(100).fill("a.ts"),
      undefined,
    ]);
  });
});
