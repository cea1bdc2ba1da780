/** Where a value is used: what stands at its property, even where that only names a value that is written elsewhere. */
import { type Source, type Stretch, stretchOf, type Tracer } from "./source.ts";

/** `undefined` where the property stands in no literal that the path leads to. */
export function useOf(
  tracer: Tracer,
  root: Source,
  path: readonly string[],
  actual: unknown,
): Stretch | undefined {
  const t = tracer.ts;
  const key = path.at(-1);
  const { source, rest } = tracer.walk(root, path.slice(0, -1), actual);
  if (key === undefined || rest.length > 0 || source.kind !== "expression") return undefined;
  const { node } = source;
  if (t.isArrayLiteralExpression(node)) {
    const entry = node.elements.some(t.isSpreadElement) ? undefined : node.elements[Number(key)];
    return entry === undefined ? undefined : stretchOf(entry);
  }
  if (!t.isObjectLiteralExpression(node)) return undefined;
  const property = node.properties.findLast(
    (p) =>
      t.isSpreadAssignment(p) ||
      (p.name !== undefined && !t.isComputedPropertyName(p.name) && p.name.text === key),
  );
  if (property === undefined || t.isSpreadAssignment(property)) return undefined;
  return stretchOf(t.isPropertyAssignment(property) ? property.initializer : property);
}
