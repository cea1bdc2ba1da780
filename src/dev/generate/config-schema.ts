/** The JSON Schema (2020-12) of a config, from the one zod schema. */
import { z } from "zod";

type Node = { [key: string]: unknown };

const repeated: Node = {
  type: "string",
  description:
    "Where this schema lies, so that editors complete and check the file. Has no meaning for crew.",
};

/** The schema of `crew.config.json`: a root with `trunks` is an edge, an array is trunks, else it is one trunk. */
export function configSchema(edge: z.ZodType, trunk: z.ZodType): Node {
  const definitions: Node = {};
  const edgeNode = hoist(withKey(toNode(edge)), definitions);
  const trunkNode = hoist(toNode(trunk), definitions);
  const loneTrunk = { ...(definitions[nameOf(trunkNode)] as Node) };
  const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "crew config",
    description: "An edge (has trunks), a list of trunks, or one trunk.",
    if: { type: "array" },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { type: "array", minItems: 1, items: trunkNode },
    else: {
      type: "object",
      if: { type: "object", properties: { trunks: true }, required: ["trunks"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: edgeNode,
      else: { $ref: "#/$defs/LoneTrunk" },
    },
    $defs: { ...sorted, LoneTrunk: withKey(loneTrunk) },
  };
}

function toNode(schema: z.ZodType): Node {
  const { $schema: _, ...node } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io: "input",
    unrepresentable: "any",
  });
  return node as Node;
}

/** Allows `$schema` in a root object. */
function withKey(node: Node): Node {
  return { ...node, properties: { $schema: repeated, ...(node.properties as Node) } };
}

/** Moves every titled node into the definitions and refers to it; a property's own words stay where they are. */
function hoist(node: Node, definitions: Node): Node {
  const { typeParameter: _, ...rest } = node;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, hoistValue(value, definitions)]),
  );
  const title = node.title;
  if (typeof title !== "string") return inner;
  const { description, ...definition } = inner;
  definitions[title] ??= definition;
  return { $ref: `#/$defs/${title}`, ...(description === undefined ? {} : { description }) };
}

function hoistValue(value: unknown, definitions: Node): unknown {
  if (Array.isArray(value)) return value.map((item) => hoistValue(item, definitions));
  if (typeof value !== "object" || value === null) return value;
  return hoist(value as Node, definitions);
}

function nameOf(reference: Node): string {
  return String(reference.$ref).replace("#/$defs/", "");
}
