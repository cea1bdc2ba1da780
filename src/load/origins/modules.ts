/** The files of a config as syntax trees, and what they export to each other. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type ts from "typescript";
import { parseJsonText } from "../json-text.ts";
import type { Env, Source } from "./source.ts";

export interface Modules {
  /** What an import names; `undefined` for installed packages and what cannot be found. */
  exported(fromFile: string, specifier: string, name: string): Source | undefined;
  /** What a file exports under a name. */
  exportOf(file: string, name: string): Source | undefined;
}

const emptyEnv: Env = new Map();
/** Chains of `export … from` that are longer go round in a circle. */
const longestChain = 32;

/** `files` bounds what is read; `imports` maps file and specifier, joined by a newline, to a file. */
export function modules(
  t: typeof ts,
  files: ReadonlySet<string>,
  imports: ReadonlyMap<string, string>,
): Modules {
  const trees = new Map<string, ts.SourceFile>();
  const tree = (file: string): ts.SourceFile => {
    const held = trees.get(file);
    if (held !== undefined) return held;
    const made = t.createSourceFile(file, readFileSync(file, "utf8"), t.ScriptTarget.ESNext, true);
    trees.set(file, made);
    return made;
  };
  const target = (fromFile: string, specifier: string): string | undefined => {
    const known = imports.get(`${fromFile}\n${specifier}`);
    if (known !== undefined) return files.has(known) ? known : undefined;
    const plain = resolve(dirname(fromFile), specifier);
    return [plain, `${plain}.ts`, plain.replace(/\.js$/, ".ts")].find((f) => files.has(f) && existsSync(f));
  };
  const expression = (node: ts.Expression): Source => ({ kind: "expression", node, env: emptyEnv });

  const exportOf = (file: string, name: string, chain = 0): Source | undefined => {
    if (chain > longestChain) return undefined;
    if (file.endsWith(".json")) {
      const text = readFileSync(file, "utf8");
      const { root } = parseJsonText(text);
      if (root === undefined) return undefined;
      const node = name === "default" ? root : root.members.find((m) => m.name === name)?.value;
      return node === undefined ? undefined : { kind: "json", file, text, node };
    }
    if (!/\.[cm]?[jt]s$/.test(file)) return undefined;
    const source = tree(file);
    for (const s of source.statements) {
      const found = exportedBy(s, file, name, chain);
      if (found !== undefined) return found;
    }
    for (const s of source.statements) {
      if (
        !t.isExportDeclaration(s) ||
        s.exportClause !== undefined ||
        s.moduleSpecifier === undefined ||
        !t.isStringLiteral(s.moduleSpecifier)
      )
        continue;
      const from = target(file, s.moduleSpecifier.text);
      const found = from === undefined || name === "default" ? undefined : exportOf(from, name, chain + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const exportedBy = (s: ts.Statement, file: string, name: string, chain: number): Source | undefined => {
    if (t.isExportAssignment(s)) return name === "default" ? expression(s.expression) : undefined;
    if (t.isVariableStatement(s) && isExported(t, s)) {
      for (const d of s.declarationList.declarations)
        if (t.isIdentifier(d.name) && d.name.text === name) return expression(d.name);
      return undefined;
    }
    if (t.isFunctionDeclaration(s) && isExported(t, s)) {
      const isDefault = s.modifiers?.some((m) => m.kind === t.SyntaxKind.DefaultKeyword) === true;
      const own = isDefault ? "default" : s.name?.text;
      return own === name ? { kind: "function", fn: s, env: emptyEnv, at: s.name ?? s } : undefined;
    }
    if (t.isEnumDeclaration(s) && isExported(t, s))
      return s.name.text === name ? expression(s.name) : undefined;
    if (!t.isExportDeclaration(s) || s.exportClause === undefined || !t.isNamedExports(s.exportClause))
      return undefined;
    const element = s.exportClause.elements.find((e) => e.name.text === name);
    if (element === undefined) return undefined;
    const inner = element.propertyName ?? element.name;
    if (s.moduleSpecifier === undefined) return t.isIdentifier(inner) ? expression(inner) : undefined;
    const from = t.isStringLiteral(s.moduleSpecifier) ? target(file, s.moduleSpecifier.text) : undefined;
    return from === undefined ? undefined : exportOf(from, inner.text, chain + 1);
  };

  return {
    exportOf,
    exported(fromFile, specifier, name) {
      const file = target(fromFile, specifier);
      return file === undefined ? undefined : exportOf(file, name);
    },
  };
}

function isExported(
  t: typeof ts,
  node: ts.VariableStatement | ts.FunctionDeclaration | ts.EnumDeclaration,
): boolean {
  return node.modifiers?.some((m) => m.kind === t.SyntaxKind.ExportKeyword) === true;
}
