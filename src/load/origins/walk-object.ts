/** Follows a path into an object literal. */
import type ts from "typescript";
import {
  type Env,
  type Found,
  fits,
  member,
  type Source,
  type Stretch,
  stretchOf,
  type Tracer,
  unknown,
} from "./source.ts";

/** A property of an object literal; later ones win over earlier ones, spreads included. */
export function walkObject(
  tracer: Tracer,
  source: Extract<Source, { kind: "expression" }>,
  node: ts.ObjectLiteralExpression,
  path: readonly string[],
  actual: unknown,
  name: Stretch | undefined,
): Found | undefined {
  const t = tracer.ts;
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  const value = member(actual, key);
  for (const property of [...node.properties].reverse()) {
    if (t.isSpreadAssignment(property)) {
      const spread: Source = { kind: "expression", node: property.expression, env: source.env };
      const found = tracer.walk(spread, path, unknown, name);
      const wanted = path.reduce(member, actual);
      if (found.rest.length < path.length && found.mismatch !== true && fits(tracer, found, wanted))
        return found;
      continue;
    }
    if (property.name === undefined || propertyName(tracer, property.name, source.env) !== key) continue;
    const label = stretchOf(property.name);
    const next: ts.Expression | undefined = t.isPropertyAssignment(property)
      ? property.initializer
      : t.isShorthandPropertyAssignment(property)
        ? property.name
        : undefined;
    if (next === undefined) return { source, at: stretchOf(property), name: label, rest };
    const found = tracer.walk({ kind: "expression", node: next, env: source.env }, rest, value, label);
    if (found.mismatch === true)
      return { source, at: stretchOf(node), rest: path, ...(name === undefined ? {} : { name }) };
    return found.rest.length === 0 || found.rest.length < rest.length || found.source.kind !== "expression"
      ? found
      : { ...found, name: found.name ?? label };
  }
  return undefined;
}

function propertyName(tracer: Tracer, name: ts.PropertyName, env: Env): string | undefined {
  const t = tracer.ts;
  if (t.isComputedPropertyName(name)) {
    const value = tracer.evaluate({ kind: "expression", node: name.expression, env });
    return value === unknown ? undefined : String(value);
  }
  return t.isNumericLiteral(name) ? String(Number(name.text)) : name.text;
}
