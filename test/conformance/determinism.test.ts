import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { exampleFolder, examples } from "./examples.ts";

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "crew-same-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Builds a config in a folder of its own by a process of its own; gives every file of the bundle. */
function build(
  name: string,
  source: string,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(scratch, "at "));
  writeFileSync(join(folder, "crew.config.ts"), source);
  const tsx = join(packageRoot(), "node_modules/tsx/dist/cli.mjs");
  const main = join(packageRoot(), "src/cli/main.ts");
  const ran = spawnSync(process.execPath, [tsx, main, "build"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  expect(ran.stderr.includes("error["), `${name}: ${ran.stderr}`).toBe(false);
  expect(ran.status).toBe(0);
  const dist = join(folder, "dist");
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  return Object.fromEntries(
    files.map((f) => [
      join(f.parentPath, f.name).slice(dist.length + 1),
      readFileSync(join(f.parentPath, f.name), "utf8"),
    ]),
  );
}

/** The same config with the keys of every object turned round, reprinted, with other comments and spacing. */
function disguised(source: string): string {
  const file = ts.createSourceFile("crew.config.ts", source, ts.ScriptTarget.Latest, true);
  const turn: ts.TransformerFactory<ts.SourceFile> = (context) => (root) => {
    const visit = (node: ts.Node): ts.Node => {
      const seen = ts.visitEachChild(node, visit, context);
      return ts.isObjectLiteralExpression(seen)
        ? ts.factory.createObjectLiteralExpression([...seen.properties].reverse())
        : seen;
    };
    return ts.visitNode(root, visit) as ts.SourceFile;
  };
  const [turned] = ts.transform(file, [turn]).transformed;
  const text = ts.createPrinter({ removeComments: true }).printFile(turned as ts.SourceFile);
  return `// A comment\n\n\n${text.replaceAll("{", "{\n\n/* another */\t")}`;
}

describe.each(examples)("examples/%s", (name) => {
  test("gives the same bytes in another folder, time zone, locale, key order and formatting", () => {
    const source = readFileSync(join(exampleFolder(name), "crew.config.ts"), "utf8");
    const other = disguised(source);
    expect(other).not.toBe(source);
    const home = join(scratch, "home");
    mkdirSync(home, { recursive: true });
    const here = build(name, source, { TZ: "UTC", LC_ALL: "C.UTF-8" });
    const there = build(name, other, {
      TZ: "Asia/Kathmandu",
      LC_ALL: "tr_TR.UTF-8",
      LANG: "tr_TR.UTF-8",
      HOME: home,
      USER: "somebody",
    });
    expect(there).toEqual(here);
    for (const [path, text] of Object.entries(here)) {
      expect(
        text.includes(scratch) || text.includes(packageRoot()),
        `${path} holds no path of this machine`,
      ).toBe(false);
    }
  });
});
