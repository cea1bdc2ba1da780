/** From a declared name to the source of its value. */
import type ts from "typescript";
import { isReassigned, mutations } from "./mutations.ts";
import type { Declaration } from "./names.ts";
import { type Env, type Source, unknown as unknownValue } from "./source.ts";
import type { WalkContext } from "./walk.ts";

/** `undefined` where the value comes from elsewhere, for example from a loop. */
export function followDeclaration(
  c: WalkContext,
  declaration: Declaration,
  env: Env,
  use: ts.Node,
  path: readonly string[],
): Source | undefined {
  const t = c.tracer.ts;
  const bound = env.get(declaration);
  if (bound !== undefined) return bound;
  if (t.isVariableDeclaration(declaration)) {
    if (declaration.initializer === undefined || isReassigned(t, declaration)) return undefined;
    const initial: Source = { kind: "expression", node: declaration.initializer, env };
    return path.length === 0 ? initial : (mutations(c, declaration, initial, env, path) ?? initial);
  }
  if (t.isBindingElement(declaration)) return destructured(c, declaration, env, use);
  if (t.isParameter(declaration))
    return declaration.initializer === undefined
      ? undefined
      : { kind: "expression", node: declaration.initializer, env };
  if (t.isFunctionDeclaration(declaration)) return { kind: "function", fn: declaration, env, at: use };
  if (t.isEnumDeclaration(declaration)) {
    const [key] = path;
    const member = declaration.members.find(
      (m) => key !== undefined && "text" in m.name && m.name.text === key,
    );
    if (key === undefined || member?.initializer === undefined) return undefined;
    return { kind: "entry", key, source: { kind: "expression", node: member.initializer, env }, at: use };
  }
  if (t.isClassDeclaration(declaration)) return undefined;
  return imported(c, declaration, use, path);
}

/** `const { a, b: [c] } = whole`: the path from the whole to the name. */
function destructured(
  c: WalkContext,
  element: ts.BindingElement,
  env: Env,
  use: ts.Node,
): Source | undefined {
  const t = c.tracer.ts;
  const path: string[] = [];
  let node: ts.BindingElement = element;
  for (;;) {
    if (node.dotDotDotToken !== undefined) return undefined;
    const pattern: ts.BindingPattern = node.parent;
    if (t.isArrayBindingPattern(pattern)) path.unshift(String(pattern.elements.indexOf(node)));
    else {
      const key = node.propertyName ?? node.name;
      if (!t.isIdentifier(key) && !t.isStringLiteral(key)) return undefined;
      path.unshift(key.text);
    }
    const owner = pattern.parent;
    if (t.isBindingElement(owner)) {
      node = owner;
      continue;
    }
    const of =
      env.get(owner) ??
      (owner.initializer === undefined
        ? undefined
        : ({ kind: "expression", node: owner.initializer, env } as const));
    const initializer = element.initializer;
    if (
      of !== undefined &&
      (initializer === undefined || c.tracer.walk(of, path, unknownValue).rest.length === 0)
    )
      return { kind: "inside", of, path, at: use };
    return initializer === undefined ? undefined : { kind: "expression", node: initializer, env };
  }
}

function imported(
  c: WalkContext,
  declaration: ts.ImportClause | ts.ImportSpecifier | ts.NamespaceImport,
  use: ts.Node,
  path: readonly string[],
): Source | undefined {
  const t = c.tracer.ts;
  let node: ts.Node = declaration;
  while (!t.isImportDeclaration(node)) node = node.parent;
  if (!t.isStringLiteral(node.moduleSpecifier)) return undefined;
  const specifier = node.moduleSpecifier.text;
  const { fileName } = declaration.getSourceFile();
  if (t.isNamespaceImport(declaration)) {
    const [key] = path;
    const source = key === undefined ? undefined : c.tracer.exported(fileName, specifier, key);
    return key === undefined || source === undefined ? undefined : { kind: "entry", key, source, at: use };
  }
  const name = t.isImportClause(declaration)
    ? "default"
    : (declaration.propertyName ?? declaration.name).text;
  return c.tracer.exported(fileName, specifier, name);
}
