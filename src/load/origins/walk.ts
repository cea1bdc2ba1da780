/** Follows a path into the expression that made a value. */
import type ts from "typescript";
import { callSource, listMethods } from "./calls.ts";
import { chosen, firstMatch } from "./choose.ts";
import { followDeclaration } from "./declarations.ts";
import type { Names } from "./names.ts";
import {
  type Found,
  member,
  type Source,
  type Stretch,
  same,
  stretchOf,
  stretchOfSource,
  type Tracer,
  unknown,
} from "./source.ts";

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
      return walkReturns(c, source, path, actual, name) ?? here();
    case "list":
    case "json":
      return walkItem(c, source, path, actual, name) ?? here();
    case "entry":
      return path[0] === source.key
        ? c.tracer.walk(source.source, path.slice(1), member(actual, source.key), name)
        : here();
    case "opaque":
      return source.each === undefined ? here() : c.tracer.walk(source.each, path, actual, name);
    case "inside": {
      const found = c.tracer.walk(source.of, [...source.path, ...path], unknown, name);
      return found.rest.length <= path.length && fits(c, found, path.reduce(member, actual))
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
  if (t.isObjectLiteralExpression(node)) return walkObject(c, source, node, path, actual, name) ?? here();
  if (t.isArrayLiteralExpression(node)) return walkItem(c, source, path, actual, name) ?? here();
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
      const inside = path.length === 0 ? undefined : walkItem(c, source, path, actual, name);
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

function fits(c: WalkContext, found: Found, actual: unknown): boolean {
  if (actual === unknown || found.rest.length > 0) return true;
  const value = c.tracer.evaluate(found.source);
  return value === unknown || same(value, actual);
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

/** A property of an object literal; later ones win over earlier ones, spreads included. */
function walkObject(
  c: WalkContext,
  source: Expression,
  node: ts.ObjectLiteralExpression,
  path: readonly string[],
  actual: unknown,
  name: Stretch | undefined,
): Found | undefined {
  const t = c.tracer.ts;
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  const value = member(actual, key);
  for (const property of [...node.properties].reverse()) {
    if (t.isSpreadAssignment(property)) {
      const spread: Source = { kind: "expression", node: property.expression, env: source.env };
      const found = c.tracer.walk(spread, path, unknown, name);
      const wanted = path.reduce(member, actual);
      if (found.rest.length < path.length && found.mismatch !== true && fits(c, found, wanted)) return found;
      continue;
    }
    if (property.name === undefined || propertyName(c, property.name, source.env) !== key) continue;
    const label = stretchOf(property.name);
    const next: ts.Expression | undefined = t.isPropertyAssignment(property)
      ? property.initializer
      : t.isShorthandPropertyAssignment(property)
        ? property.name
        : undefined;
    if (next === undefined) return { source, at: stretchOf(property), name: label, rest };
    const found = c.tracer.walk({ kind: "expression", node: next, env: source.env }, rest, value, label);
    if (found.mismatch === true)
      return { source, at: stretchOf(node), rest: path, ...(name === undefined ? {} : { name }) };
    return found.rest.length === 0 || found.rest.length < rest.length || found.source.kind !== "expression"
      ? found
      : { ...found, name: found.name ?? label };
  }
  return undefined;
}

function propertyName(c: WalkContext, name: ts.PropertyName, env: Expression["env"]): string | undefined {
  const t = c.tracer.ts;
  if (t.isComputedPropertyName(name)) {
    const value = c.tracer.evaluate({ kind: "expression", node: name.expression, env });
    return value === unknown ? undefined : String(value);
  }
  return t.isNumericLiteral(name) ? String(Number(name.text)) : name.text;
}

/** An entry of a list, counted through spreads; the real length helps where one of them is opaque. */
function walkItem(
  c: WalkContext,
  source: Source,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (source.kind === "json" && source.node.kind === "object") {
    const found = source.node.members.find((m) => m.name === key);
    if (found === undefined) return undefined;
    const label = { file: source.file, start: found.nameStart, end: found.nameEnd };
    return c.tracer.walk({ ...source, node: found.value }, rest, member(actual, key), label);
  }
  const items = c.tracer.items(source);
  if (items === undefined || !/^[0-9]+$/.test(key)) return undefined;
  const item = itemAt(items, Number(key), Array.isArray(actual) ? actual.length : undefined);
  const value = member(actual, key);
  if (item === undefined) return firstMatch(c.tracer, items, rest, value);
  const found = c.tracer.walk(item, rest, value);
  if (found.mismatch !== true) return found;
  return { source, at: stretchOfSource(source), rest: path, ...(name === undefined ? {} : { name }) };
}

function itemAt(items: readonly Source[], index: number, length: number | undefined): Source | undefined {
  const first = items.findIndex((i) => i.kind === "opaque");
  if (first < 0 || index < first) return items[index];
  const last = items.findLastIndex((i) => i.kind === "opaque");
  if (length === undefined) return undefined;
  const fromEnd = length - index;
  if (fromEnd <= items.length - 1 - last) return items[items.length - fromEnd];
  return first === last ? items[first] : undefined;
}

/** What a function returns; where it returns at several places, the one that fits. */
function walkReturns(
  c: WalkContext,
  source: Extract<Source, { kind: "call" }>,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found | undefined {
  const { fn } = source;
  const t = c.tracer.ts;
  if (fn.body === undefined) return undefined;
  const env = new Map(source.env);
  for (const [i, parameter] of fn.parameters.entries()) {
    const arg: Source | undefined =
      parameter.dotDotDotToken === undefined
        ? source.args[i]
        : { kind: "list", items: source.args.slice(i), at: source.at };
    if (arg !== undefined) env.set(parameter, arg);
    else env.delete(parameter);
  }
  const results: ts.Expression[] = [];
  if (t.isBlock(fn.body)) collectReturns(t, fn.body, results);
  else results.push(fn.body);
  const sources = results.map((node): Source => ({ kind: "expression", node, env }));
  const [only] = sources;
  if (sources.length !== 1 || only === undefined) return chosen(c.tracer, sources, path, actual, name);
  return c.tracer.walk(only, path, actual, name);
}

function collectReturns(t: typeof ts, node: ts.Node, results: ts.Expression[]): void {
  t.forEachChild(node, (child) => {
    if (t.isFunctionLike(child)) return;
    if (t.isReturnStatement(child) && child.expression !== undefined) results.push(child.expression);
    else collectReturns(t, child, results);
  });
}
