/** Values that can be worked out from the text alone. */
import type ts from "typescript";
import { type Source, unknown } from "./source.ts";
import type { WalkContext } from "./walk.ts";

/** `unknown` for everything that would have to be run. */
export function evaluate(c: WalkContext, source: Source): unknown {
  if (!c.tracer.spend()) return unknown;
  switch (source.kind) {
    case "value":
      return source.value;
    case "json":
      return JSON.parse(source.text.slice(source.node.start, source.node.end));
    case "list":
      return every(source.items.map((i) => c.tracer.evaluate(i)));
    case "expression":
      return evaluateExpression(c, source.node, source);
    case "inside":
      return evaluateInside(c, source);
    case "entry":
    case "opaque":
    case "function":
      return unknown;
    case "call": {
      const found = c.tracer.walk(source, [], unknown);
      return found.source === source ? unknown : c.tracer.evaluate(found.source);
    }
  }
}

function evaluateInside(c: WalkContext, source: Extract<Source, { kind: "inside" }>): unknown {
  const found = c.tracer.walk(source.of, source.path, unknown);
  if (found.rest.length === 0 && found.source !== source) return c.tracer.evaluate(found.source);
  if (found.rest.length === 1 && found.rest[0] === "length") {
    const list = c.tracer.items(found.source);
    if (list?.every((i) => i.kind !== "opaque")) return list.length;
  }
  return unknown;
}

function evaluateExpression(
  c: WalkContext,
  node: ts.Expression,
  source: Extract<Source, { kind: "expression" }>,
): unknown {
  const t = c.tracer.ts;
  const value = (next: ts.Expression): unknown =>
    c.tracer.evaluate({ kind: "expression", node: next, env: source.env });
  if (t.isStringLiteralLike(node)) return node.text;
  if (t.isNumericLiteral(node)) return Number(node.text.replaceAll("_", ""));
  switch (node.kind) {
    case t.SyntaxKind.TrueKeyword:
      return true;
    case t.SyntaxKind.FalseKeyword:
      return false;
    case t.SyntaxKind.NullKeyword:
      return null;
  }
  if (t.isTemplateExpression(node)) {
    const parts = node.templateSpans.map((s) => ({ value: value(s.expression), tail: s.literal.text }));
    if (parts.some((p) => p.value === unknown || typeof p.value === "object")) return unknown;
    return node.head.text + parts.map((p) => String(p.value) + p.tail).join("");
  }
  if (t.isBinaryExpression(node))
    return evaluateBinary(t, node.operatorToken.kind, value(node.left), () => value(node.right));
  if (t.isPrefixUnaryExpression(node)) {
    const operand = value(node.operand);
    if (operand === unknown) return unknown;
    if (node.operator === t.SyntaxKind.ExclamationToken) return !operand;
    return node.operator === t.SyntaxKind.MinusToken && typeof operand === "number" ? -operand : unknown;
  }
  if (t.isArrayLiteralExpression(node)) {
    const list = c.tracer.items(source);
    return list === undefined ? unknown : every(list.map((i) => c.tracer.evaluate(i)));
  }
  if (t.isObjectLiteralExpression(node)) return evaluateObject(c, node, source);
  if (t.isIdentifier(node) && node.text === "undefined") return undefined;
  if (t.isPropertyAccessExpression(node))
    return evaluateInside(c, {
      kind: "inside",
      of: { kind: "expression", node: node.expression, env: source.env },
      path: [node.name.text],
      at: node,
    });
  const found = c.tracer.walk(source, [], unknown);
  if (found.source !== source) return c.tracer.evaluate(found.source);
  const list = t.isCallExpression(node) ? c.tracer.items(source) : undefined;
  return list === undefined ? unknown : every(list.map((i) => c.tracer.evaluate(i)));
}

function evaluateBinary(t: typeof ts, operator: ts.SyntaxKind, left: unknown, right: () => unknown): unknown {
  if (left === unknown) return unknown;
  switch (operator) {
    case t.SyntaxKind.BarBarToken:
      return left || right();
    case t.SyntaxKind.AmpersandAmpersandToken:
      return left && right();
    case t.SyntaxKind.QuestionQuestionToken:
      return left ?? right();
  }
  const other = right();
  if (other === unknown) return unknown;
  switch (operator) {
    case t.SyntaxKind.EqualsEqualsEqualsToken:
      return left === other;
    case t.SyntaxKind.ExclamationEqualsEqualsToken:
      return left !== other;
  }
  if (typeof left === "string" || typeof other === "string")
    return operator === t.SyntaxKind.PlusToken && typeof left !== "object" && typeof other !== "object"
      ? `${left}${other}`
      : unknown;
  if (typeof left !== "number" || typeof other !== "number") return unknown;
  switch (operator) {
    case t.SyntaxKind.PlusToken:
      return left + other;
    case t.SyntaxKind.MinusToken:
      return left - other;
    case t.SyntaxKind.AsteriskToken:
      return left * other;
    case t.SyntaxKind.PercentToken:
      return left % other;
    case t.SyntaxKind.LessThanToken:
      return left < other;
    case t.SyntaxKind.GreaterThanToken:
      return left > other;
    default:
      return unknown;
  }
}

function evaluateObject(
  c: WalkContext,
  node: ts.ObjectLiteralExpression,
  source: Extract<Source, { kind: "expression" }>,
): unknown {
  const t = c.tracer.ts;
  const result: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (t.isSpreadAssignment(property)) {
      const spread = c.tracer.evaluate({ kind: "expression", node: property.expression, env: source.env });
      if (spread === unknown) return unknown;
      Object.assign(result, spread);
      continue;
    }
    if (t.isPropertyAssignment(property) || t.isShorthandPropertyAssignment(property)) {
      const { name } = property;
      const key = t.isComputedPropertyName(name)
        ? c.tracer.evaluate({ kind: "expression", node: name.expression, env: source.env })
        : name.text;
      const next = t.isPropertyAssignment(property) ? property.initializer : property.name;
      const value = c.tracer.evaluate({ kind: "expression", node: next, env: source.env });
      if (value === unknown || key === unknown) return unknown;
      result[String(key)] = value;
      continue;
    }
    return unknown;
  }
  return result;
}

function every(values: readonly unknown[]): unknown {
  return values.includes(unknown) ? unknown : values;
}
