import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Part } from "../../src/core/origins.ts";
import { loadConfig } from "../../src/load/load.ts";

const folder = mkdtempSync(join(tmpdir(), "crew-origins-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

/** Writes the files; the stretch between « and » is where the pointer has to lead. */
async function located(files: Readonly<Record<string, string>>, pointer: string, part: Part) {
  const own = mkdtempSync(join(folder, `${count++}-`));
  let expected: unknown;
  for (const [name, marked] of Object.entries(files)) {
    const start = marked.indexOf("«");
    const text = marked.replace(/[«»]/g, "");
    if (start >= 0) {
      const before = text.slice(0, start).split("\n");
      const inside = text.slice(start, marked.indexOf("»") - 1);
      expected = { file: name, line: before.length, column: (before.at(-1) ?? "").length + 1, text: inside };
    }
    writeFileSync(join(own, name), text);
  }
  const { value, diagnostics } = await loadConfig(undefined, own);
  expect(diagnostics).toEqual([]);
  const span = await value?.origins.locate(pointer, part);
  const text = (files[span?.file ?? ""] ?? "")
    .replace(/[«»]/g, "")
    .slice(span?.start.offset, span?.end.offset);
  return { found: { file: span?.file, line: span?.start.line, column: span?.start.column, text }, expected };
}

interface Case {
  readonly title: string;
  readonly pointer: string;
  readonly part?: Part;
  readonly config: string;
  readonly other?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    title: "the use of a constant",
    pointer: "/a",
    part: "use",
    config: `const x = { b: 1 };\nexport default { a: «x» };`,
  },
  {
    title: "the use of an import in a list",
    pointer: "/a/1",
    part: "use",
    config: `import { x } from "./o.ts";\nexport default { a: [1, «x»] };`,
    other: { "o.ts": "export const x = { b: 1 };" },
  },
  {
    title: "the use as shorthand, in an object that has a name itself",
    pointer: "/a/b",
    part: "use",
    config: `const b = [1];\nconst a = { «b» };\nexport default { a };`,
  },
  {
    title: "the use of what a spread gives, which is where it is written",
    pointer: "/a",
    part: "use",
    config: `const x = { a: «[1]» };\nexport default { ...x };`,
  },
  { title: "a literal", pointer: "/a/b", config: `export default { a: { b: «1» } };` },
  { title: "the whole", pointer: "", config: `export default «{ a: 1 }»;` },
  { title: "a property's name", pointer: "/a/b", part: "key", config: `export default { a: { «b»: 1 } };` },
  { title: "a quoted name", pointer: "/a/x-y", part: "key", config: `export default { a: { «"x-y"»: 1 } };` },
  { title: "a property that is not there", pointer: "/a/c/d", config: `export default { a: «{ b: 1 }» };` },
  { title: "an entry", pointer: "/a/1", config: `export default { a: [1, «2», 3] };` },
  { title: "a constant", pointer: "/a", config: `const x = «"v"»;\nexport default { a: x };` },
  {
    title: "a chain of constants",
    pointer: "/a",
    config: `const x = «"v"»;\nconst y = x;\nexport default { a: y };`,
  },
  {
    title: "the name of a property that holds a constant",
    pointer: "/a",
    part: "key",
    config: `const x = "v";\nexport default { «a»: x };`,
  },
  { title: "shorthand", pointer: "/a/b", config: `const a = { b: «1» };\nexport default { a };` },
  {
    title: "a shorthand's name",
    pointer: "/a",
    part: "key",
    config: `const a = { b: 1 };\nexport default { «a» };`,
  },
  {
    title: "as const, satisfies, parentheses",
    pointer: "/a/b",
    config: `export default ({ a: { b: «1» } as const } satisfies object) as object;`,
  },
  {
    title: "an annotated constant",
    pointer: "/a",
    config: `const config: { a: number } = { a: «1» };\nexport default config;`,
  },
  {
    title: "the package's functions",
    pointer: "/sip/codecs/0/name",
    config: `import { defineTrunk } from "crew";\nexport default defineTrunk({ sip: { codecs: [{ name: «"PCMU"» }] } });`,
  },
  {
    title: "the package as a namespace",
    pointer: "/crew_id",
    config: `import * as crew from "crew";\nexport default crew.defineTrunk({ crew_id: «"a"», sip: {} });`,
  },
  {
    title: "the package's functions under another name",
    pointer: "/crew_id",
    config: `import { defineTrunk as trunk } from "crew";\nexport default trunk({ crew_id: «"a"», sip: {} });`,
  },
  {
    title: "a secret",
    pointer: "/p",
    config: `import { secret } from "crew";\nexport default { p: «secret("NAME")» };`,
  },
  {
    title: "a secret's name",
    pointer: "/p/secret",
    config: `import { secret } from "crew";\nexport default { p: secret(«"NAME"») };`,
  },
  {
    title: "an import",
    pointer: "/a/b",
    config: `import { a } from "./o.ts";\nexport default { a };`,
    other: { "o.ts": `export const a = {\n  b: «2»,\n};` },
  },
  {
    title: "an import without extension",
    pointer: "/a/b",
    config: `import { a } from "./o";\nexport default { a };`,
    other: { "o.ts": `export const a = { b: «2» };` },
  },
  {
    title: "an import of .js that is .ts",
    pointer: "/a/b",
    config: `import { a } from "./o.js";\nexport default { a };`,
    other: { "o.ts": `export const a = { b: «2» };` },
  },
  {
    title: "a renamed import of a renamed export",
    pointer: "/a",
    config: `import { y as z } from "./o.ts";\nexport default { a: z };`,
    other: { "o.ts": `const x = «2»;\nexport { x as y };` },
  },
  {
    title: "a default import",
    pointer: "/a/b",
    config: `import o from "./o.ts";\nexport default { a: o };`,
    other: { "o.ts": `export default { b: «2» };` },
  },
  {
    title: "a namespace import",
    pointer: "/a",
    config: `import * as o from "./o.ts";\nexport default { a: o.x };`,
    other: { "o.ts": `export const x = «2»;` },
  },
  {
    title: "a re-export",
    pointer: "/a",
    config: `import { x } from "./p.ts";\nexport default { a: x };`,
    other: { "p.ts": `export * from "./o.ts";`, "o.ts": `export const x = «2»;` },
  },
  {
    title: "a named re-export",
    pointer: "/a",
    config: `import { y } from "./p.ts";\nexport default { a: y };`,
    other: { "p.ts": `export { x as y } from "./o.ts";`, "o.ts": `export const x = «2»;` },
  },
  {
    title: "a default export by name",
    pointer: "/a",
    config: `const config = { a: «1» };\nexport { config as default };`,
  },
  {
    title: "imported JSON",
    pointer: "/a/1/b",
    config: `import a from "./o.json" with { type: "json" };\nexport default { a };`,
    other: { "o.json": `[1,\n {"b": «"x"»}]` },
  },
  {
    title: "a name in imported JSON",
    pointer: "/a/b",
    part: "key",
    config: `import a from "./o.json" with { type: "json" };\nexport default { a };`,
    other: { "o.json": `{«"b"»: 1}` },
  },
  {
    title: "a property of a constant",
    pointer: "/a",
    config: `const x = { y: { z: «1» } };\nexport default { a: x.y.z };`,
  },
  {
    title: "an indexed property",
    pointer: "/a",
    config: `const x = { y: [0, «1»] };\nexport default { a: x["y"][1] };`,
  },
  { title: "an enum", pointer: "/a", config: `enum E { A = «"v"» }\nexport default { a: E.A };` },
  {
    title: "a spread",
    pointer: "/a/b",
    config: `const base = { b: «1», c: 2 };\nexport default { a: { ...base, c: 3 } };`,
  },
  {
    title: "a property after a spread",
    pointer: "/a/c",
    config: `const base = { b: 1, c: 2 };\nexport default { a: { ...base, c: «3» } };`,
  },
  {
    title: "a property before a spread that overrides it",
    pointer: "/a/c",
    config: `const base = { b: 1, c: «2» };\nexport default { a: { c: 3, ...base } };`,
  },
  {
    title: "a conditional spread",
    pointer: "/a/c",
    config: `const on = true as boolean;\nexport default { a: { b: 1, ...(on ? { c: «2» } : {}) } };`,
  },
  {
    title: "a conditional spread by &&",
    pointer: "/a/c",
    config: `const on = process.argv.length > 0;\nexport default { a: { b: 1, ...(on && { c: «2» }) } };`,
  },
  {
    title: "a computed name",
    pointer: "/a/k1",
    config: `const k = "k";\nexport default { a: { [\`\${k}1\`]: «1» } };`,
  },
  {
    title: "entries after a spread",
    pointer: "/a/3",
    config: `const x = [1, 2];\nexport default { a: [0, ...x, «3»] };`,
  },
  {
    title: "entries in a spread",
    pointer: "/a/2",
    config: `const x = [1, «2»];\nexport default { a: [0, ...x, 3] };`,
  },
  {
    title: "entries after a spread that cannot be counted",
    pointer: "/a/4",
    config: `const x = "1 2 3".split(" ");\nexport default { a: ["0", ...x, «"4"»] };`,
  },
  {
    title: "entries in a spread that cannot be counted",
    pointer: "/a/2",
    config: `const x = "1 2 3".split(" ");\nexport default { a: ["0", «...x», "4"] };`,
  },
  {
    title: "a conditional expression",
    pointer: "/a/b",
    config: `const on = process.argv.length > 1000;\nexport default { a: on ? { b: 1 } : { b: «2» } };`,
  },
  {
    title: "a default by ??",
    pointer: "/a",
    config: `export default { a: process.env.CREW_NO_SUCH ?? «"x"» };`,
  },
  {
    title: "string concatenation",
    pointer: "/a",
    config: `const x = "1";\nexport default { a: «"+" + x» };`,
  },
  { title: "a template", pointer: "/a", config: `const x = "1";\nexport default { a: «\`+\${x}\`» };` },
  {
    title: "a helper function",
    pointer: "/a/m/t",
    config: `const f = (t: string) => ({ m: { t } });\nexport default { a: f(«"x"») };`,
  },
  {
    title: "a literal in a helper function",
    pointer: "/a/m/u",
    config: `function f(t: string) {\n  return { m: { t, u: «1» } };\n}\nexport default { a: f("x") };`,
  },
  {
    title: "a helper with a default parameter",
    pointer: "/a/u",
    config: `const f = (t: string, u = «2») => ({ t, u });\nexport default { a: f("x") };`,
  },
  {
    title: "a helper with a destructured parameter",
    pointer: "/a/t",
    config: `const f = ({ t }: { t: string }) => ({ t });\nexport default { a: f({ t: «"x"» }) };`,
  },
  {
    title: "a helper with rest parameters",
    pointer: "/a/1",
    config: `const f = (...list: number[]) => list;\nexport default { a: f(1, «2») };`,
  },
  {
    title: "a helper that calls a helper",
    pointer: "/a/b/c",
    config: `const g = (c: number) => ({ c });\nconst f = (x: number) => ({ b: g(x) });\nexport default { a: f(«1») };`,
  },
  {
    title: "a helper in another file",
    pointer: "/a/t",
    config: `import { f } from "./o.ts";\nexport default { a: f(«"x"») };`,
    other: { "o.ts": `export function f(t: string) { const made = { t }; return made; }` },
  },
  {
    title: "an identity helper",
    pointer: "/a/t",
    config: `const id = <T>(x: T): T => x;\nexport default { a: id({ t: «1» }) };`,
  },
  {
    title: "a helper with two returns",
    pointer: "/a/t",
    config: `function f(n: number) {\n  if (n > 1) return { t: "big" };\n  return { t: «"small"» };\n}\nexport default { a: f(1) };`,
  },
  {
    title: "map over a literal list",
    pointer: "/a/1/m/t",
    config: `export default { a: ["x", «"y"»].map((t) => ({ m: { t } })) };`,
  },
  {
    title: "a literal in the mapped function",
    pointer: "/a/1/id",
    config: `export default { a: ["x", "y"].map((t) => ({ t, id: «"s"» })) };`,
  },
  {
    title: "map over a list of objects",
    pointer: "/a/1/to",
    config: `const list = [{ n: "1" }, { n: «"2"» }] as const;\nexport default { a: list.map(({ n }) => ({ to: n })) };`,
  },
  {
    title: "map with a function of its own",
    pointer: "/a/0/to",
    config: `const list = [«"1"»];\nfunction route(n: string) { return { to: n }; }\nexport default { a: list.map(route) };`,
  },
  {
    title: "map over imported JSON",
    pointer: "/a/1/to",
    config: `import list from "./o.json" with { type: "json" };\nexport default { a: list.map((n: string) => ({ to: n })) };`,
    other: { "o.json": `["1",\n«"2"»]` },
  },
  {
    title: "map over what cannot be followed",
    pointer: "/a/1/to",
    config: `export default { a: "1 2".split(" ").map((n) => ({ to: «n» })) };`,
  },
  {
    title: "a spread of map",
    pointer: "/a/2/to",
    config: `const list = ["1", «"2"»];\nexport default { a: [{ to: "0" }, ...list.map((to) => ({ to }))] };`,
  },
  {
    title: "flatMap",
    pointer: "/a/3",
    config: `export default { a: ["1", "2"].flatMap((n) => [n, «n + "x"»]) };`,
  },
  { title: "filter", pointer: "/a/1", config: `export default { a: [1, 2, «3»].filter((n) => n !== 2) };` },
  { title: "sort", pointer: "/a/0", config: `export default { a: [2, «1»].sort() };` },
  { title: "concat", pointer: "/a/2", config: `const x = [«3»];\nexport default { a: [1, 2].concat(x) };` },
  { title: "slice", pointer: "/a/0", config: `export default { a: [1, «2», 3].slice(1) };` },
  {
    title: "Array.from with a function",
    pointer: "/a/1/id",
    config: `export default { a: Array.from({ length: 3 }, (_, i) => ({ i, id: «"s"» })) };`,
  },
  {
    title: "Object.fromEntries",
    pointer: "/a/y/u",
    config: `export default { a: Object.fromEntries(["x", "y"].map((id) => [id, { u: «1» }])) };`,
  },
  {
    title: "Object.assign",
    pointer: "/a/b",
    config: `export default { a: Object.assign({ b: 1 }, { b: «2» }) };`,
  },
  { title: "Object.freeze", pointer: "/a/b", config: `export default { a: Object.freeze({ b: «1» }) };` },
  {
    title: "push",
    pointer: "/a/1/b",
    config: `const a: object[] = [{ b: 1 }];\na.push({ b: «2» });\nexport default { a };`,
  },
  {
    title: "push in a loop",
    pointer: "/a/1/b",
    config: `const a: object[] = [];\nfor (const x of [1, 2]) a.push({ x, b: «3» });\nexport default { a };`,
  },
  {
    title: "an assigned property",
    pointer: "/a/c",
    config: `const a: Record<string, number> = { b: 1 };\na.c = «2»;\nexport default { a };`,
  },
  {
    title: "an assigned key",
    pointer: "/a/k/u",
    config: `const a: Record<string, object> = {};\nfor (const k of ["k"]) a[k] = { u: «2» };\nexport default { a };`,
  },
  {
    title: "a variable that changes",
    pointer: "/a",
    config: `let x = 1;\nx = 2;\nexport default { a: «x» };`,
  },
  {
    title: "a literal that is not the value",
    pointer: "/a/b",
    config: `const a = «{ b: 1 }»;\nObject.assign(a, { b: 2 });\nexport default { a };`,
  },
  {
    title: "destructuring",
    pointer: "/a",
    config: `const o = { x: { y: [0, «1»] } };\nconst { x: { y: [, z] } } = o;\nexport default { a: z };`,
  },
  {
    title: "destructuring with a default",
    pointer: "/a",
    config: `const o: { x?: number } = {};\nconst { x = «5» } = o;\nexport default { a: x };`,
  },
  {
    title: "a name that is shadowed",
    pointer: "/a",
    config: `const x = 1;\nfunction f() {\n  const x = «2»;\n  return x;\n}\nexport default { a: f() };\nexport { x };`,
  },
  {
    title: "awaited values",
    pointer: "/a/b",
    config: `const f = async () => ({ b: «1» });\nexport default { a: await f() };`,
  },
  {
    title: "a class",
    pointer: "/a/b",
    config: `class T {\n  static make() { return { b: 1 }; }\n}\nexport default { a: «T.make()» };`,
  },
  {
    title: "a recursive helper",
    pointer: "/a/n/n/v",
    config: `const f = (d: number): object => (d === 0 ? { v: «1» } : { n: f(d - 1) });\nexport default { a: f(2) };`,
  },
  { title: "negative numbers", pointer: "/a", config: `const x = «-1»;\nexport default { a: x };` },
  { title: "CRLF and a tab", pointer: "/a", config: `// x\r\n// y\r\n\texport default { a: «1» };` },
  {
    title: "trunks through variables and lists",
    pointer: "/trunks/1/sip/inbound_routes/0/agent_id",
    config: `import { defineAgents, defineEdge, defineTrunk } from "crew";
const agents = defineAgents({ sarah: { uri: "sip:10.0.0.1" } });
const trunk = (crew_id: string, agent_id: "sarah") =>
  defineTrunk({ crew_id, agents, sip: { inbound_routes: [{ match: {}, agent_id }] } });
const one = trunk("one", "sarah");
export default defineEdge({ trunks: [one, trunk("two", «"sarah"»)] });`,
  },
];

describe("origins of a module", () => {
  it.each([...cases])("follows $title", async ({ config, other, pointer, part }: Case) => {
    const { found, expected } = await located(
      { "crew.config.ts": config, ...other },
      pointer,
      part ?? "value",
    );
    expect(found).toEqual(expected);
  });

  it("stays within its budget on a list that doubles", async () => {
    const doubled = Array.from(
      { length: 30 },
      (_, i) => `const l${i + 1} = [...l${i}, ...l${i}].slice(0, 8);`,
    ).join("\n");
    const { found } = await located(
      { "crew.config.ts": `const l0 = [1, 2];\n${doubled}\nexport default { a: l30 };` },
      "/a/3",
      "value",
    );
    expect(found.file).toBe("crew.config.ts");
  });

  it("finds one route among 20,000", async () => {
    const routes = Array.from({ length: 20_000 }, (_, i) => `    { to: "${i}" },`).join("\n");
    const { found } = await located(
      { "crew.config.ts": `export default {\n  a: [\n${routes}\n  ],\n};` },
      "/a/19999/to",
      "value",
    );
    expect(found).toEqual({ file: "crew.config.ts", line: 20_002, column: 11, text: '"19999"' });
  });
});

describe("origins of JSON", () => {
  it.each([
    { pointer: "/a/1/b", part: "value", text: `{"a": [0,\n {"b": «"x"»}]}` },
    { pointer: "/a/1/b", part: "key", text: `{"a": [0,\n {«"b"»: "x"}]}` },
    { pointer: "/a/1/c", part: "value", text: `{"a": [0,\n «{"b": "x"}»]}` },
    { pointer: "/a/7", part: "value", text: `{"a": «[0]»}` },
    { pointer: "", part: "value", text: ` «{"a": [0]}» ` },
    { pointer: "/a~1b/~0", part: "value", text: `{"a/b": {"~": «1»}}` },
  ] as const)("follows $pointer ($part)", async ({ pointer, part, text }) => {
    const { found, expected } = await located({ "crew.config.json": text }, pointer, part);
    expect(found).toEqual(expected);
  });
});
