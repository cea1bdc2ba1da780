/** Follows a path into the expression that made a value. */
import type ts from "typescript";
import { callSource } from "./calls.ts";
import { chosen } from "./choose.ts";
import { followDeclaration } from "./declarations.ts";
import { listMethods } from "./lists.ts";
import type { Names } from "./names.ts";
import {
  type Found,
  fits,
  member,
  type Source,
  type Stretch,
  stretchOf,
  stretchOfSource,
  type Tracer,
  unknown,
} from "./source.ts";
import { walkItem, walkReturns } from "./walk-list.ts";
import { walkObject } from "./walk-object.ts";

export interface WalkContext {
  readonly tracer: Tracer;
  readonly names: Names;
}

export function walk(
  c: WalkContext,
  source: Source,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found {
  const here = (): Found => ({
    source,
    at: stretchOfSource(source),
    rest: path,
    ...(name === undefined ? {} : { name }),
  });
  if (!c.tracer.spend()) return here();
  switch (source.kind) {
    case "expression":
      return walkExpression(c, source, path, actual, name);
    case "call":
      return walkReturns(c.tracer, source, path, actual, name) ?? here();
    case "list":
    case "json":
      return walkItem(c.tracer, source, path, actual, name) ?? here();
    case "entry":
      return path[0] === source.key
        ? c.tracer.walk(source.source, path.slice(1), member(actual, source.key), name)
        : here();
    case "opaque":
      return source.each === undefined ? here() : c.tracer.walk(source.each, path, actual, name);
    case "inside": {
      const found = c.tracer.walk(source.of, [...source.path, ...path], unknown, name);
      return found.rest.length <= path.length && fits(c.tracer, found, path.reduce(member, actual))
        ? found
        : { ...here(), at: stretchOf(source.at) };
    }
    default:
      return here();
  }
}

type Expression = Extract<Source, { kind: "expression" }>;

function walkExpression(
  c: WalkContext,
  source: Expression,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found {
  const t = c.tracer.ts;
  const { node, env } = source;
  const to = (next: ts.Expression): Source => ({ kind: "expression", node: next, env });
  const here = (): Found => ({
    source,
    at: stretchOf(node),
    rest: path,
    ...(name === undefined ? {} : { name }),
  });
  /** A detour that turns out wrong or leads nowhere ends here. */
  const follow = (next: Source | undefined, at = path, value = actual): Found => {
    if (next === undefined) return here();
    const found = c.tracer.walk(next, at, value, name);
    if (found.mismatch === true || found.rest.length > path.length) return here();
    return found.source.kind === "opaque" || found.source.kind === "value"
      ? { ...found, at: stretchOf(node) }
      : found;
  };

  if (
    t.isParenthesizedExpression(node) ||
    t.isAsExpression(node) ||
    t.isSatisfiesExpression(node) ||
    t.isNonNullExpression(node) ||
    t.isTypeAssertionExpression(node) ||
    t.isAwaitExpression(node)
  )
    return c.tracer.walk(to(node.expression), path, actual, name);
  if (t.isIdentifier(node)) return follow(undeclared(node) ? undefined : declared(c, node, env, path));
  if (t.isObjectLiteralExpression(node))
    return walkObject(c.tracer, source, node, path, actual, name) ?? here();
  if (t.isArrayLiteralExpression(node)) return walkItem(c.tracer, source, path, actual, name) ?? here();
  if (t.isPropertyAccessExpression(node))
    return follow(to(node.expression), [node.name.text, ...path], unknown);
  if (t.isElementAccessExpression(node)) {
    const key = c.tracer.evaluate(to(node.argumentExpression));
    return key === unknown ? here() : follow(to(node.expression), [String(key), ...path], unknown);
  }
  if (t.isConditionalExpression(node)) {
    const taken = c.tracer.evaluate(to(node.condition));
    if (taken !== unknown) return follow(to(taken ? node.whenTrue : node.whenFalse));
    return chosen(c.tracer, [to(node.whenTrue), to(node.whenFalse)], path, actual, name) ?? here();
  }
  if (t.isBinaryExpression(node) && isChoice(t, node.operatorToken.kind))
    return chosen(c.tracer, [to(node.left), to(node.right)], path, actual, name) ?? here();
  if (t.isCallExpression(node)) {
    if (listMethods.has(methodName(t, node))) {
      const inside = path.length === 0 ? undefined : walkItem(c.tracer, source, path, actual, name);
      if (inside !== undefined) return inside;
    }
    return follow(callSource(c, node, env, path));
  }
  const literal = c.tracer.ts.isLiteralExpression(node) ? c.tracer.evaluate(source) : unknown;
  const wrong = path.length === 0 && literal !== unknown && actual !== unknown && literal !== actual;
  return wrong ? { ...here(), mismatch: true } : here();
}

function undeclared(node: ts.Identifier): boolean {
  return node.text === "undefined";
}

function declared(
  c: WalkContext,
  node: ts.Identifier,
  env: Expression["env"],
  path: readonly string[],
): Source | undefined {
  const declaration = c.names.lookup(node.text, node);
  return declaration === undefined ? undefined : followDeclaration(c, declaration, env, node, path);
}

function isChoice(t: typeof ts, kind: ts.SyntaxKind): boolean {
  return (
    kind === t.SyntaxKind.BarBarToken ||
    kind === t.SyntaxKind.AmpersandAmpersandToken ||
    kind === t.SyntaxKind.QuestionQuestionToken
  );
}

function methodName(t: typeof ts, node: ts.CallExpression): string {
  return t.isPropertyAccessExpression(node.expression) ? node.expression.name.text : "";
}
