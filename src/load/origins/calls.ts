/** Calls on the way to a value: the package's own functions, helpers of the config, and the list functions of the language. */
import type ts from "typescript";
import { type Env, type FunctionNode, type Source, unknown } from "./source.ts";
import type { WalkContext } from "./walk.ts";

/** Functions of the package and of the language that hand their first argument on. */
const identities: ReadonlySet<string> = new Set([
  "Object.freeze",
  "Object.seal",
  "structuredClone",
  "Object.assign",
]);

const emptyEnv: Env = new Map();

/** The source of a call's result; `undefined` where it cannot be followed. */
export function callSource(
  c: WalkContext,
  node: ts.CallExpression,
  env: Env,
  path: readonly string[],
): Source | undefined {
  const t = c.tracer.ts;
  const args = node.arguments.map((a): Source => ({ kind: "expression", node: a, env }));
  const [first] = args;
  const global = globalName(c, node.expression);
  if (global === "Object.assign")
    return (
      [...args].reverse().find((a) => c.tracer.walk(a, path, unknown).rest.length < path.length) ?? first
    );
  if (global === "Object.fromEntries")
    return first === undefined ? undefined : fromEntries(c, first, path, node);
  if (global !== undefined && identities.has(global)) return first;
  const fn = functionOf(c, node.expression, env);
  if (fn === "package") {
    if (first === undefined) return undefined;
    const name = calleeName(t, node.expression);
    if (name === "secret") return { kind: "entry", key: "secret", source: first, at: node };
    return name === "defineRoutes" ? args[1] : first;
  }
  if (fn === undefined || node.arguments.some((a) => t.isSpreadElement(a))) return undefined;
  const isPromise = fn.fn.modifiers?.some((m) => m.kind === t.SyntaxKind.AsyncKeyword) === true;
  if (isPromise && !t.isAwaitExpression(node.parent)) return undefined;
  return { kind: "call", fn: fn.fn, args, env: fn.env, at: node };
}

function fromEntries(
  c: WalkContext,
  entries: Source,
  path: readonly string[],
  at: ts.Node,
): Source | undefined {
  const [key] = path;
  if (key === undefined) return undefined;
  for (const entry of c.tracer.items(entries) ?? []) {
    const value: Source = { kind: "inside", of: entry, path: ["1"], at };
    const name = c.tracer.evaluate({ kind: "inside", of: entry, path: ["0"], at });
    if (name === key) return { kind: "entry", key, source: value, at };
  }
  return undefined;
}

/** `Object.freeze`, `structuredClone`, where the config does not declare the name itself. */
export function globalName(c: WalkContext, node: ts.Expression): string | undefined {
  const t = c.tracer.ts;
  const [base, method] = t.isPropertyAccessExpression(node)
    ? [node.expression, node.name.text]
    : [node, undefined];
  if (!t.isIdentifier(base) || c.names.lookup(base.text, base) !== undefined) return undefined;
  return method === undefined ? base.text : `${base.text}.${method}`;
}

function calleeName(t: typeof ts, node: ts.Expression): string {
  return t.isIdentifier(node) ? node.text : t.isPropertyAccessExpression(node) ? node.name.text : "";
}

/** The function that an expression names, `package` for those of `import "crew"`. */
export function functionOf(
  c: WalkContext,
  node: ts.Expression,
  env: Env,
): { readonly fn: FunctionNode; readonly env: Env } | "package" | undefined {
  const t = c.tracer.ts;
  if (t.isArrowFunction(node) || t.isFunctionExpression(node)) return { fn: node, env };
  if (comesFromPackage(c, node)) return "package";
  const { source } = c.tracer.walk({ kind: "expression", node, env }, [], unknown);
  if (source.kind === "function") return { fn: source.fn, env: source.env };
  if (source.kind !== "expression") return undefined;
  const found = source.node;
  return t.isArrowFunction(found) || t.isFunctionExpression(found)
    ? { fn: found, env: source.env ?? emptyEnv }
    : undefined;
}

function comesFromPackage(c: WalkContext, node: ts.Expression): boolean {
  const t = c.tracer.ts;
  const base = t.isPropertyAccessExpression(node) ? node.expression : node;
  if (!t.isIdentifier(base)) return false;
  let at: ts.Node | undefined = c.names.lookup(base.text, base);
  while (at !== undefined && !t.isImportDeclaration(at)) at = at.parent;
  return (
    at !== undefined &&
    t.isImportDeclaration(at) &&
    t.isStringLiteral(at.moduleSpecifier) &&
    at.moduleSpecifier.text === "crew"
  );
}
