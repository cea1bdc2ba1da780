/** Which property of the config a JSON pointer into a config names, as `Type.property` of the published schema. */
import { type JsonPointer, segments } from "../../../core/pointer.ts";

export type Node = { readonly [key: string]: unknown };

/** `crew.config.schema.json`. */
export interface ConfigSchema {
  readonly $defs: Readonly<Record<string, Node>>;
}

/** One type of the config: its properties in order, and those that it cannot be without. */
export interface ObjectType {
  readonly name: string;
  readonly properties: Readonly<Record<string, Node>>;
  readonly required: readonly string[];
}

/** The objects among the definitions; the lone trunk is a trunk. */
export function objectTypes(schema: ConfigSchema): readonly ObjectType[] {
  return Object.entries(schema.$defs).flatMap(([name, node]) => {
    if (name === "LoneTrunk" || typeof node.properties !== "object") return [];
    const { $schema: _, ...properties } = node.properties as Record<string, Node>;
    return [{ name, properties, required: (node.required as readonly string[] | undefined) ?? [] }];
  });
}

/** The property that a pointer ends at or in; undefined where it names none, such as the root. */
export function propertyAt(schema: ConfigSchema, draft: unknown, at: JsonPointer): string | undefined {
  const isEdge = typeof draft === "object" && draft !== null && "trunks" in draft;
  let nodes: readonly Named[] = [named(schema, { $ref: `#/$defs/${isEdge ? "Edge" : "Trunk"}` })];
  let value = draft;
  let found: string | undefined;
  for (const segment of segments(at)) {
    const options = nodes.flatMap((n) => alternatives(schema, n));
    const objects = options.filter((o) => Object.hasOwn(propertiesOf(o.node), segment));
    const best = objects.find((o) => knows(o.node, value)) ?? objects[0];
    if (best !== undefined) {
      found = best.name === undefined ? found : `${best.name}.${segment}`;
      nodes = [named(schema, propertiesOf(best.node)[segment] as Node)];
    } else {
      nodes = options.flatMap((o) =>
        [o.node.items, o.node.additionalProperties]
          .filter((inner) => typeof inner === "object" && inner !== null)
          .map((inner) => named(schema, inner as Node)),
      );
    }
    value =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[segment] : undefined;
  }
  return found;
}

interface Named {
  readonly node: Node;
  readonly name?: string;
}

function named(schema: ConfigSchema, node: Node): Named {
  if (typeof node.$ref !== "string") return { node };
  const name = node.$ref.replace("#/$defs/", "");
  return { node: schema.$defs[name] ?? {}, name };
}

function alternatives(schema: ConfigSchema, { node, name }: Named): readonly Named[] {
  const inner = ["anyOf", "oneOf", "allOf"].flatMap(
    (key) => (node[key] as readonly Node[] | undefined) ?? [],
  );
  const self = name === undefined ? { node } : { node, name };
  return [self, ...inner.flatMap((n) => alternatives(schema, named(schema, n)))];
}

function propertiesOf(node: Node): Readonly<Record<string, unknown>> {
  return (node.properties as Record<string, unknown> | undefined) ?? {};
}

/** Whether an object has no property that the node does not know, and none that contradicts its constants. */
function knows(node: Node, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const properties = propertiesOf(node) as Readonly<Record<string, Node>>;
  return Object.entries(value).every(([key, v]) => {
    const property = properties[key];
    return property !== undefined && (property.const === undefined || property.const === v);
  });
}
