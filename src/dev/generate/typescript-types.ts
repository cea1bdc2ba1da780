/** Prints the zod schema of the config as TypeScript interfaces with JSDoc, so that the editor knows what the compiler knows. */
import type { z } from "zod";

/** Metadata that the schema files attach with `.describe()` and `.meta()`. */
interface Meta {
  readonly title?: string;
  readonly description?: string;
  /** The type parameter that takes the place of `string` here. */
  readonly typeParameter?: string;
  /** Values that the editor offers, of more that are good. */
  readonly examples?: readonly unknown[];
}

type Schema = z.core.$ZodType;

/** A named type that was met, with the type parameters that it needs. */
interface Named {
  readonly name: string;
  readonly declaration: string;
  readonly parameters: readonly string[];
}

interface Printed {
  readonly text: string;
  readonly parameters: readonly string[];
}

/** Prints every titled type below the roots, each once, in the order of first use, those used before their users. */
export function printTypes(roots: readonly Schema[]): string {
  const named = new Map<string, Named>();
  for (const root of roots) printType(root, named);
  return [...named.values()].map((n) => n.declaration).join("\n\n");
}

function metaOf(schema: Schema): Meta {
  return ((schema as z.ZodType).meta() ?? {}) as Meta;
}

/** What a property says about itself, which may be written inside of `.optional()`. */
function fieldDescription(field: Schema): string | undefined {
  const def = (field as z.core.$ZodTypes)._zod.def;
  return metaOf(field).description ?? (def.type === "optional" ? fieldDescription(def.innerType) : undefined);
}

/** What a named type says about itself: properties of that type may have described it anew. */
function typeDescription(schema: Schema): string | undefined {
  const parent = schema._zod.parent;
  const outer = parent !== undefined && metaOf(parent).title !== undefined ? parent : undefined;
  return outer === undefined ? metaOf(schema).description : typeDescription(outer);
}

function printType(schema: Schema, named: Map<string, Named>): Printed {
  const { title, typeParameter } = metaOf(schema);
  if (typeParameter !== undefined) return { text: typeParameter, parameters: [typeParameter] };
  if (title === undefined) return printAnonymous(schema, named);
  const known = named.get(title) ?? declare(title, schema, named);
  named.set(title, known);
  return { text: reference(known), parameters: known.parameters };
}

function reference(type: Named): string {
  return type.parameters.length === 0 ? type.name : `${type.name}<${type.parameters.join(", ")}>`;
}

function declare(name: string, schema: Schema, named: Map<string, Named>): Named {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  const body = printAnonymous(schema, named);
  const generics = body.parameters.map((p) => `${p} extends string = string`).join(", ");
  const head = `${name}${generics === "" ? "" : `<${generics}>`}`;
  const declaration =
    def.type === "object" ? `export interface ${head} ${body.text}` : `export type ${head} = ${body.text};`;
  return {
    name,
    declaration: `${jsdoc(typeDescription(schema), "")}${declaration}`,
    parameters: body.parameters,
  };
}

function printAnonymous(schema: Schema, named: Map<string, Named>): Printed {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "string":
      return plain(printString(metaOf(schema).examples));
    case "number":
      return plain("number");
    case "boolean":
      return plain("boolean");
    case "unknown":
      return plain("unknown");
    case "literal":
      return plain(def.values.map((v) => JSON.stringify(v)).join(" | "));
    case "enum":
      return plain(
        Object.values(def.entries)
          .map((v) => JSON.stringify(v))
          .join(" | "),
      );
    case "optional":
      return printType(def.innerType, named);
    case "array": {
      const element = printType(def.element, named);
      const text = / [|&] /.test(element.text) ? `(${element.text})` : element.text;
      return { text: `readonly ${text}[]`, parameters: element.parameters };
    }
    case "tuple":
      return combine(
        def.items.map((item) => printType(item, named)),
        (items) => `readonly [${items.join(", ")}]`,
      );
    case "union":
      return combine(
        def.options.map((option) => printType(option, named)),
        (options) => [...new Set(options)].join(" | "),
      );
    case "record": {
      const value = printType(def.valueType, named);
      return { text: `{ readonly [name: string]: ${value.text} }`, parameters: value.parameters };
    }
    case "object":
      return printObject(def, named);
    default:
      throw new Error(`the type generator does not know zod's ${def.type}`);
  }
}

function printObject(def: z.core.$ZodObjectDef, named: Map<string, Named>): Printed {
  const fields = Object.entries(def.shape).map(([key, field]) => {
    const type = printType(field, named);
    const optional = (field as z.core.$ZodTypes)._zod.def.type === "optional";
    const line = `  readonly ${key}${optional ? "?" : ""}: ${type.text}${optional ? " | undefined" : ""};`;
    return { text: `${jsdoc(fieldDescription(field), "  ")}${line}`, parameters: type.parameters };
  });
  const open = def.catchall !== undefined && (def.catchall as z.core.$ZodTypes)._zod.def.type !== "never";
  return combine(
    fields,
    (lines) => `{\n${[...lines, ...(open ? ["  readonly [other: string]: unknown;"] : [])].join("\n")}\n}`,
  );
}

/** `string & {}` keeps the names apart from `string`, which would swallow them. */
function printString(examples: readonly unknown[] | undefined): string {
  if (examples === undefined) return "string";
  return [...examples.map((e) => JSON.stringify(e)), "(string & {})"].map((name) => `\n  | ${name}`).join("");
}

function plain(text: string): Printed {
  return { text, parameters: [] };
}

function combine(parts: readonly Printed[], join: (texts: readonly string[]) => string): Printed {
  return {
    text: join(parts.map((p) => p.text)),
    parameters: [...new Set(parts.flatMap((p) => p.parameters))].sort(),
  };
}

function jsdoc(description: string | undefined, indent: string): string {
  if (description === undefined) return "";
  const sentence = description.replaceAll("*/", "*\\/");
  const [text = "", standard] = sentence.split(/ ?Default: (?=[^:]+$)/);
  if (standard === undefined) return `${indent}/** ${sentence} */\n`;
  return `${indent}/**\n${indent} * ${text}\n${indent} *\n${indent} * @default ${standard.replace(/\.$/, "")}\n${indent} */\n`;
}
