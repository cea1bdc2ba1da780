/** Values that a config puts together by statements: `routes.push({…})`, `agents[id] = {…}`. */
import type ts from "typescript";
import type { Env, Source } from "./source.ts";
import type { WalkContext } from "./walk.ts";

/** The source that statements gave to the path's first segment; `undefined` where the initial value has it. */
export function mutations(
  c: WalkContext,
  declaration: ts.VariableDeclaration,
  initial: Source,
  env: Env,
  path: readonly string[],
): Source | undefined {
  const t = c.tracer.ts;
  const [key] = path;
  if (key === undefined || !t.isIdentifier(declaration.name)) return undefined;
  const name = declaration.name.text;
  const scope = scopeOf(t, declaration);
  const pushed: Source[] = [];
  let assigned: Source | undefined;
  let looped = false;
  const at = declaration.name;
  const source = (node: ts.Expression): Source => ({ kind: "expression", node, env });
  const visit = (node: ts.Node): void => {
    if (
      t.isCallExpression(node) &&
      t.isPropertyAccessExpression(node.expression) &&
      isName(t, node.expression.expression, name)
    ) {
      if (node.expression.name.text === "push") {
        looped ||= isRepeated(t, node, scope);
        for (const argument of node.arguments)
          pushed.push(
            ...(t.isSpreadElement(argument)
              ? (c.tracer.items(source(argument.expression)) ?? [{ kind: "opaque" as const, at: argument }])
              : [source(argument)]),
          );
      }
    } else if (t.isBinaryExpression(node) && node.operatorToken.kind === t.SyntaxKind.EqualsToken) {
      const { left } = node;
      if (t.isPropertyAccessExpression(left) && isName(t, left.expression, name) && left.name.text === key)
        assigned = source(node.right);
      if (t.isElementAccessExpression(left) && isName(t, left.expression, name)) {
        const value = c.tracer.evaluate(source(left.argumentExpression));
        if (String(value) === key || typeof value === "symbol") assigned = source(node.right);
      }
    }
    t.forEachChild(node, visit);
  };
  t.forEachChild(scope, visit);
  if (assigned !== undefined) return { kind: "entry", key, source: assigned, at };
  if (pushed.length === 0) return undefined;
  const items = [...(c.tracer.items(initial) ?? [{ kind: "opaque" as const, at }]), ...pushed];
  if (!looped) return { kind: "list", items, at };
  return pushed.length === 1 && pushed[0] !== undefined
    ? { kind: "entry", key, source: pushed[0], at }
    : undefined;
}

/** Whether a variable gets another value after its first. */
export function isReassigned(t: typeof ts, declaration: ts.VariableDeclaration): boolean {
  if ((declaration.parent.flags & t.NodeFlags.Const) !== 0 || !t.isIdentifier(declaration.name)) return false;
  const name = declaration.name.text;
  const visit = (node: ts.Node): boolean =>
    (t.isBinaryExpression(node) && isAssignment(t, node.operatorToken.kind) && isName(t, node.left, name)) ||
    t.forEachChild(node, (child) => visit(child) || undefined) === true;
  return visit(scopeOf(t, declaration));
}

function isAssignment(t: typeof ts, kind: ts.SyntaxKind): boolean {
  return kind >= t.SyntaxKind.FirstAssignment && kind <= t.SyntaxKind.LastAssignment;
}

function isName(t: typeof ts, node: ts.Expression, name: string): boolean {
  return t.isIdentifier(node) && node.text === name;
}

function scopeOf(t: typeof ts, node: ts.Node): ts.Node {
  let scope = node.parent;
  while (!t.isSourceFile(scope) && !t.isBlock(scope) && !t.isModuleBlock(scope)) scope = scope.parent;
  return scope;
}

function isRepeated(t: typeof ts, node: ts.Node, scope: ts.Node): boolean {
  for (let at = node.parent; at !== scope; at = at.parent)
    if (t.isIterationStatement(at, false) || t.isFunctionLike(at)) return true;
  return false;
}
