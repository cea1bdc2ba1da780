import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/core/diagnostic.ts";
import { type LoadOptions, loadConfig } from "../../src/load/load.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function project(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "crew-load-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const load = (files: Readonly<Record<string, string | Uint8Array>>, path?: string, options?: LoadOptions) =>
  loadConfig(path, project(files), options);

function shown(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(
    (d) => `${d.code} ${d.span?.file ?? "-"}:${d.span?.start.line ?? 0}:${d.span?.start.column ?? 0}`,
  );
}

const ts = (text: string) => ({ "crew.config.ts": text });
const json = (text: string | Uint8Array) => ({ "crew.config.json": text });

describe("finding the config", () => {
  it("prefers crew.config.ts, then crew.config.json", async () => {
    const both = await load({ "crew.config.ts": "export default { a: 1 };", "crew.config.json": '{"b":2}' });
    expect(both.value).toMatchObject({ file: "crew.config.ts", format: "ts", value: { a: 1 } });
    const one = await load({ "crew.config.json": '{"b":2}' });
    expect(one.value).toMatchObject({ file: "crew.config.json", format: "json", value: { b: 2 } });
  });

  it("says what is missing", async () => {
    expect(shown((await load({})).diagnostics)).toEqual(["CREW1001 -:0:0"]);
    expect(shown((await load({}, "no/such.ts")).diagnostics)).toEqual(["CREW1001 -:0:0"]);
    expect(shown((await load({ "a/b.ts": "" }, "a")).diagnostics)).toEqual(["CREW1002 -:0:0"]);
    expect(shown((await load({ "a.yaml": "" }, "a.yaml")).diagnostics)).toEqual(["CREW1004 -:0:0"]);
  });
});

describe("TypeScript configs", () => {
  it("gives the package by its name, follows imports and lists the files", async () => {
    const { value, diagnostics } = await load({
      "crew.config.ts": `
        import { defineTrunk, secret } from "crew";
        import numbers from "./data/numbers.json" with { type: "json" };
        import { agents } from "./agents.js";
        import { readFileSync } from "node:fs";
        const list = readFileSync(new URL("./data/list.txt", import.meta.url), "utf8").trim();
        export default defineTrunk({ agents, sip: { auth: { type: "digest", username: list, password: secret("P") },
          inbound_routes: numbers.map((n: string) => ({ match: { to_uri: n }, agent_id: "sarah" as const })) } });`,
      "agents.ts": `export const agents = { sarah: { uri: "sip:10.0.0.1" } } as const satisfies object;`,
      "data/numbers.json": '["+14155551111"]',
      "data/list.txt": "user\n",
    });
    expect(diagnostics).toEqual([]);
    expect(value?.value).toEqual({
      agents: { sarah: { uri: "sip:10.0.0.1" } },
      sip: {
        auth: { type: "digest", username: "user", password: { secret: "P" } },
        inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
      },
    });
    expect(value?.files.map((f) => f.split("/").at(-1))).toEqual([
      "crew.config.ts",
      "agents.ts",
      "numbers.json",
    ]);
  });

  it("supports top-level await", async () => {
    const { value, diagnostics } = await load(
      ts(
        `import { defineTrunk } from "crew";\nconst sip = await Promise.resolve({});\nexport default defineTrunk({ sip });`,
      ),
    );
    expect(diagnostics).toEqual([]);
    expect(value?.value).toEqual({ sip: {} });
  });

  it("runs installed packages, CommonJS and ESM", async () => {
    const { value, diagnostics } = await load({
      "crew.config.ts": `import { a } from "old"; import b from "@x/new"; export default { a, b };`,
      "node_modules/old/package.json": '{"name":"old","main":"i.js"}',
      "node_modules/old/i.js": "exports.a = __dirname.endsWith('old') && 1;",
      "node_modules/@x/new/package.json": '{"name":"@x/new","type":"module","exports":"./i.js"}',
      "node_modules/@x/new/i.js": "export default 2;",
    });
    expect(diagnostics).toEqual([]);
    expect(value?.value).toEqual({ a: 1, b: 2 });
  });

  const failures: [string, string, string[]][] = [
    ["a syntax error", "const a = 1;\nexport default { a: };", ["CREW1005 crew.config.ts:2:21"]],
    [
      "two syntax errors in two files",
      `import "./b.ts";\nexport default {;`,
      ["CREW1005 crew.config.ts:2:17"],
    ],
    ["columns after other scripts", `export default { "äöü𝄞": ; };`, ["CREW1005 crew.config.ts:1:27"]],
    [
      "an import that is not there",
      `import { x } from "./nothing.ts";\nexport default x;`,
      ["CREW1006 crew.config.ts:1:19"],
    ],
    [
      "a package that is not there",
      `import x from "left-pad";\nexport default x;`,
      ["CREW1006 crew.config.ts:1:15"],
    ],
    [
      "a misspelt import of the package",
      `import { defineTrunks } from "crew";\nexport default defineTrunks;`,
      ["CREW1006 crew.config.ts:1:10"],
    ],
    [
      "an error that is thrown",
      `const f = (): never => {\n  throw new Error("no");\n};\nexport default f();`,
      ["CREW1007 crew.config.ts:2:9"],
    ],
    ["an error on the first line", `throw new TypeError("no");`, ["CREW1007 crew.config.ts:1:7"]],
    [
      "an error beside import.meta",
      `/* */ if (import.meta.url) throw new Error("no");`,
      ["CREW1007 crew.config.ts:1:34"],
    ],
    ["an error after top-level await", `await 1;\nthrow new Error("no");`, ["CREW1007 crew.config.ts:2:7"]],
    ["something thrown that is no error", `throw "no";`, ["CREW1007 crew.config.ts:1:1"]],
    [
      "a promise that nobody waits for",
      `void Promise.reject(\n  new Error("no"));\nexport default {};`,
      ["CREW1007 crew.config.ts:2:3"],
    ],
    [
      "a value that is used before it is there",
      `export default { a: MAX };\nconst MAX = 20;`,
      ["CREW1007 crew.config.ts:1:21"],
    ],
    [
      "a value of a file that imports this one",
      `import { y } from "./cycle.ts";\nexport const x = 1;\nexport default { y };`,
      ["CREW1007 cycle.ts:2:18"],
    ],
    ["no default export", `export const config = {};`, ["CREW1008 crew.config.ts:1:1"]],
    ["a function", `export default () => ({});`, ["CREW1009 crew.config.ts:1:16"]],
    ["a promise", `const f = async () => ({});\nexport default f();`, ["CREW1009 crew.config.ts:2:16"]],
    [
      "values that are no data",
      `export default {\n a: 1n,\n b: Symbol("x"),\n c: [undefined],\n d: 0 / 0,\n e: new Date(),\n f: new Map(),\n g: () => 1,\n h: new (class A {})(),\n};`,
      [
        "CREW1009 crew.config.ts:2:5",
        "CREW1009 crew.config.ts:3:5",
        "CREW1009 crew.config.ts:4:6",
        "CREW1009 crew.config.ts:5:5",
        "CREW1009 crew.config.ts:6:5",
        "CREW1009 crew.config.ts:7:5",
        "CREW1009 crew.config.ts:8:5",
        "CREW1009 crew.config.ts:9:5",
      ],
    ],
    [
      "a cycle",
      `const a: Record<string, unknown> = {};\na.self = a;\nexport default { trunks: [a] };`,
      ["CREW1010 crew.config.ts:1:36"],
    ],
    [
      "a value without end",
      `let v: unknown = 1;\nfor (let i = 0; i < 5000; i++) v = { v };\nexport default v;`,
      ["CREW1011 crew.config.ts:3:16"],
    ],
    [
      "a value that doubles",
      `let v: unknown[] = [1];\nfor (let i = 0; i < 40; i++) v = [v, v];\nexport default v;`,
      ["CREW1012 crew.config.ts:3:16"],
    ],
    [
      "a getter that throws",
      `export default {\n  get a() {\n    throw new Error("no");\n  },\n};`,
      ["CREW1007 crew.config.ts:2:3"],
    ],
    [
      "a proxy that throws",
      `export default new Proxy({}, { ownKeys() { throw new Error("no"); } });`,
      ["CREW1007 crew.config.ts:1:16"],
    ],
    ["an exit", `process.exit(0);\nexport default {};`, ["CREW1014 crew.config.ts:1:9"]],
  ];
  const cycle = `import { x } from "./crew.config.ts";\nexport const y = x + 1;`;
  it.each(failures)("places %s", async (_, text, expected) => {
    expect(
      shown((await load({ ...ts(text), "b.ts": "export const x = 1;", "cycle.ts": cycle })).diagnostics),
    ).toEqual(expected);
  });

  it("says once of each name what is undefined, and where", async () => {
    const { value, diagnostics } = await load(
      ts(`const of = (n: string) => ({ n, ring: process.env.NO_SUCH });
export default {
  country: process.env.NO_SUCH,
  routes: ["a", "b"].map(of),
};`),
    );
    expect(value?.value).toEqual({ routes: [{ n: "a" }, { n: "b" }] });
    expect(diagnostics.map((d) => `${d.code} ${d.severity} ${d.pointer}`)).toEqual([
      "CREW1019 info /country",
      "CREW1019 info /routes/0/ring",
    ]);
    expect(await value?.origins.locate("/country")).toMatchObject({ start: { line: 3, column: 12 } });
    expect(await value?.origins.locate("/routes/0/ring")).toMatchObject({ start: { line: 1 } });
  });

  it("gives each file what its author expects: names of its own, data, imports on the way", async () => {
    const { value, diagnostics } = await load({
      "crew.config.ts": `#!/usr/bin/env -S npx crew check
        import * as crew from "crew";
        import numbers from "./numbers.csv";
        import { name } from "./other.ts";
        enum Port { sip = 5060 }
        const NAME = "here";
        const later = () => after;
        const promise = import("./other.ts");
        const after = typeof promise.then;
        export default { n: numbers.trim(), name, NAME, port: Port.sip, after: later(), has: typeof crew.defineTrunk };`,
      "other.ts": `const NAME: string = "there";\nexport const name = NAME;`,
      "numbers.csv": "1,2\n",
    });
    expect(diagnostics).toEqual([]);
    expect(value?.value).toEqual({
      n: "1,2",
      name: "there",
      NAME: "here",
      port: 5060,
      after: "function",
      has: "function",
    });
  });

  it.each([
    ["export default { a: MAX };\nconst MAX = 20;", "CREW1007", "Cannot access 'MAX'", "move it above"],
    ["throw new Error('boom');", "CREW1007", "runs: boom.", "throws this itself"],
    [
      `import { x } from "./b.ts";\nexport default { a: x.y.z() };`,
      "CREW1007",
      "Cannot read properties of undefined (reading 'z')",
      "marked line",
    ],
    [
      `import { x } from "./b.ts";\nexport default { a: x() };`,
      "CREW1007",
      "TypeError: x is not a function",
      "",
    ],
    [`export default { a: "hunter2".foo() };`, "CREW1007", 'TypeError: "…".foo is not a function', ""],
  ])("explains %s", async (text, code, message, help) => {
    const { diagnostics } = await load({ ...ts(text), "b.ts": "export const x = { y: undefined } as any;" });
    expect(diagnostics).toMatchObject([
      { code, message: expect.stringContaining(message), help: expect.stringContaining(help) },
    ]);
  });

  it.each([
    [`export default { a: [203.0.113.10] };`, 'Text is written in quotes: "203.0.113.10".'],
    [`export default { a: sip:10.0.4.10:5080 };`, 'Text is written in quotes: "sip:10.0.4.10:5080".'],
    [`export default { a: support@example.com };`, 'Text is written in quotes: "support@example.com".'],
    [`export default { a: 2001:db8::1 };`, 'Text is written in quotes: "2001:db8::1".'],
    [`export default { a: "x };`, "Close the text with the quote that it begins with, on the same line."],
    [`export default { a: 1 b: 2 };`, undefined],
    [
      `export default { a: sarah };`,
      'If it is text, write it in quotes ("sarah"); if it is a value, import or declare it.',
    ],
    [`export default defineEdge({});`, `Add 'import { defineEdge } from "crew";' at the top.`],
    [`export default defineTrunc({});`, expect.stringMatching(/^Did you mean 'defineTrunk'\?/)],
  ])("knows what was probably meant: %s", async (text, help) => {
    const { diagnostics } = await load(ts(text));
    expect(diagnostics.map((d) => d.help)).toEqual([help]);
  });

  it("names both places of a property that is given twice, and goes on", async () => {
    const twice = `export const x = {\n  a: 1,\n  b: 2,\n  "a": 3,\n};\n`;
    const { value, diagnostics } = await load({
      ...ts(`export { x as default } from "./x.ts";`),
      "x.ts": twice,
    });
    expect(shown(diagnostics)).toEqual(["CREW1017 x.ts:4:3"]);
    expect(diagnostics[0]?.related).toMatchObject([
      { span: { file: "x.ts", start: { line: 2, column: 3 } } },
    ]);
    expect(value?.value).toEqual({ a: 3, b: 2 });
    const throws = await load(ts(`const x = { a: 1, a: 2 };\nthrow new Error("no");`));
    expect(shown(throws.diagnostics)).toEqual([
      "CREW1017 crew.config.ts:1:19",
      "CREW1007 crew.config.ts:2:7",
    ]);
    const located = await load(ts(`const here = import.meta.url;\nexport default { a: here, a: 1 };`));
    expect(shown(located.diagnostics)).toEqual(["CREW1017 crew.config.ts:2:27"]);
  });

  it.each(["crew.config.ts", "awaits.ts"])("works in a folder with an odd name (%s)", async (name) => {
    const odd = "a b#c%20ü?;'x";
    const folder = project({
      [`${odd}/crew.config.ts`]: `import { x } from "./o.ts";\nimport p from "p";\nexport default { x, p, here: import.meta.url.startsWith("file://"), dir: __dirname };`,
      [`${odd}/awaits.ts`]: `import c from "./crew.config.ts";\nexport default await c;`,
      [`${odd}/o.ts`]: "export const x = 1;",
      [`${odd}/node_modules/p/package.json`]: '{"name":"p","exports":"./i.mjs"}',
      [`${odd}/node_modules/p/i.mjs`]: "export default 2;",
    });
    const { value, diagnostics } = await loadConfig(name, join(folder, odd));
    expect(diagnostics).toEqual([]);
    expect(value?.value).toEqual({ x: 1, p: 2, here: true, dir: join(folder, odd) });
    expect((await value?.origins.locate("/x"))?.file).toBe("o.ts");
  });

  it("follows imports of a config that is a symbolic link", async () => {
    const folder = project({
      "real/crew.config.ts": `import { x } from "./o.ts";\nexport default { x };`,
      "real/o.ts": "export const x = 1;",
    });
    symlinkSync(join(folder, "real/crew.config.ts"), join(folder, "crew.config.ts"));
    const { value } = await loadConfig(undefined, folder);
    expect(value?.value).toEqual({ x: 1 });
    expect((await value?.origins.locate("/x"))?.file).toBe("real/o.ts");
  });

  it("names files outside of the current folder in full", async () => {
    const folder = project({ "a/crew.config.ts": "export default { x: ; };", "b/x": "" });
    const { diagnostics } = await loadConfig("../a/crew.config.ts", join(folder, "b"));
    expect(diagnostics[0]?.span?.file).toBe(join(folder, "a/crew.config.ts"));
  });

  it("survives a stack that overflows", async () => {
    const { diagnostics } = await load(ts("const f = (): number => f() + 1;\nexport default f();"));
    expect(diagnostics.map((d) => `${d.code} ${d.span?.start.line}`)).toEqual(["CREW1007 1"]);
  });

  it("stops a loop without end, and an await without end", async () => {
    expect(
      shown((await load(ts("for (;;);\nexport default {};"), undefined, { timeLimit: 100 })).diagnostics),
    ).toEqual(["CREW1013 crew.config.ts:1:1"]);
    expect(
      shown(
        (await load(ts("export default { get a() { for (;;); } };"), undefined, { timeLimit: 100 }))
          .diagnostics,
      ),
    ).toEqual(["CREW1013 crew.config.ts:1:1"]);
    expect(
      shown(
        (await load(ts("await new Promise(() => {});\nexport default {};"), undefined, { timeLimit: 100 }))
          .diagnostics,
      ),
    ).toEqual(["CREW1013 crew.config.ts:1:1"]);
  });

  it("keeps what the config prints off stdout, and leaves the process as it was", async () => {
    const written: string[] = [];
    const { write } = process.stdout;
    const { exit } = process;
    process.stdout.write = ((text: string) => written.push(String(text)) > 0) as typeof write;
    try {
      const own = process.stdout.write;
      await load(
        ts("process.stdout.write('loud');\nprocess.exitCode = 3;\nprocess.chdir('/');\nexport default {};"),
      );
      expect(process.stdout.write).toBe(own);
    } finally {
      process.stdout.write = write;
    }
    expect(written).toEqual([]);
    expect(process.exit).toBe(exit);
    expect(process.exitCode).toBeUndefined();
    expect(process.cwd()).not.toBe("/");
  });

  it("says once what is wrong with a shared value, however small", async () => {
    const { diagnostics } = await load(ts("const o = { a: 1n };\nexport default { x: o, y: o, z: [o] };"));
    expect(shown(diagnostics)).toEqual(["CREW1009 crew.config.ts:1:16"]);
  });

  it("keeps large shared values shared, and reads small ones at each place", async () => {
    const { value } = await load(
      ts(
        "const small = { a: 1 };\nconst large = Array.from({ length: 100 }, () => small);\nexport default { x: large, y: large };",
      ),
    );
    const shared = value?.value as
      | { readonly x: readonly object[]; readonly y: readonly object[] }
      | undefined;
    expect(shared?.x).toBe(shared?.y);
    expect(shared?.x).toEqual(Array(100).fill({ a: 1 }));
  });

  it("reads getters once, drops undefined and keeps __proto__ a plain property", async () => {
    const { value } = await load(
      ts(
        `let n = 0;\nexport default { get a() { return ++n; }, b: undefined, ["__proto__"]: { polluted: true }, c: Object.create(null) };`,
      ),
    );
    expect(JSON.stringify(value?.value)).toBe('{"a":1,"__proto__":{"polluted":true},"c":{}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("JSON configs", () => {
  it("takes a byte order mark", async () => {
    expect((await load(json('\uFEFF{"a": 1}'))).value?.value).toEqual({ a: 1 });
  });

  const failures: [string, string | Uint8Array, string[]][] = [
    ["nothing", "", ["CREW1016 crew.config.json:1:1"]],
    ["columns behind a byte order mark", '\uFEFF{ "a": }', ["CREW1016 crew.config.json:1:8"]],
    ["a missing value", '{\n  "a": \n}', ["CREW1016 crew.config.json:3:1"]],
    ["a missing comma", '{\n  "a": 1\n  "b": 2\n}', ["CREW1016 crew.config.json:3:3"]],
    ["a comma too many", '{\n  "a": [1,],\n}', ["CREW1016 crew.config.json:2:10"]],
    ["a comment", "{ // x\n}", ["CREW1016 crew.config.json:1:3"]],
    ["single quotes", "{ 'a': 1 }", ["CREW1016 crew.config.json:1:3"]],
    ["a bare name", "{ a: 1 }", ["CREW1016 crew.config.json:1:3"]],
    ["an open string", '{ "a": "x\n" }', ["CREW1016 crew.config.json:1:8"]],
    ["a bad escape", '{ "a": "x\\q" }', ["CREW1016 crew.config.json:1:10"]],
    ["NaN", '{ "a": NaN }', ["CREW1016 crew.config.json:1:8"]],
    ["a leading zero", '{ "a": 010 }', ["CREW1016 crew.config.json:1:8"]],
    ["something after the end", "{}\r\n{}", ["CREW1016 crew.config.json:2:1"]],
    [
      "names that are repeated",
      '{ "a": 1, "b": { "c": 1,\n "\\u0063": 2 },\n "a": 2 }',
      ["CREW1017 crew.config.json:2:2", "CREW1017 crew.config.json:3:2"],
    ],
    ["nesting without end", "[".repeat(100_000), ["CREW1011 crew.config.json:1:65"]],
    [
      "closed nesting without end",
      `${"[".repeat(5000)}${"]".repeat(5000)}`,
      ["CREW1011 crew.config.json:1:65"],
    ],
    ["what is no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), ["CREW1015 crew.config.json:1:1"]],
  ];
  it.each(failures)("places %s", async (_, text, expected) => {
    expect(shown((await load(json(text))).diagnostics)).toEqual(expected);
  });
});
