/** JSON Schemas (2020-12) of the documents whose shape is a TypeScript interface: Model, manifest, line map, diagnostics. */
import { join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../core/package.ts";

type Node = { [key: string]: unknown };

/** A document that crew writes: the interface that describes it and where that is declared. */
export interface DocumentType {
  readonly file: string;
  readonly name: string;
  readonly title: string;
}

interface Context {
  readonly checker: ts.TypeChecker;
  readonly definitions: Map<string, Node>;
}

/** One schema for each document, in the same order. */
export function schemasOf(documents: readonly DocumentType[]): readonly Node[] {
  const { config } = ts.readConfigFile(join(packageRoot(), "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, packageRoot());
  const paths = documents.map((d) => join(packageRoot(), d.file));
  const program = ts.createProgram([...new Set(paths)], options);
  const checker = program.getTypeChecker();
  return documents.map(({ name, title }, i) => {
    const source = program.getSourceFile(paths[i] ?? "");
    const declared = source?.statements.find(
      (s) => (ts.isInterfaceDeclaration(s) || ts.isTypeAliasDeclaration(s)) && s.name.text === name,
    );
    if (declared === undefined) throw new Error(`${paths[i]} declares no ${name}`);
    const definitions = new Map<string, Node>();
    const root = schemaOf(checker.getTypeAtLocation(declared), { checker, definitions });
    const sorted = [...definitions].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title,
      ...root,
      ...(sorted.length === 0 ? {} : { $defs: Object.fromEntries(sorted) }),
    };
  });
}

function schemaOf(type: ts.Type, c: Context): Node {
  const name = (type.aliasSymbol ?? type.symbol)?.name;
  const isNamed =
    name !== undefined && /^[A-Z]/.test(name) && !isList(type, c) && type.flags & ts.TypeFlags.Object;
  if (!isNamed) return anonymous(type, c);
  if (!c.definitions.has(name)) {
    c.definitions.set(name, {});
    c.definitions.set(name, anonymous(type, c));
  }
  return { $ref: `#/$defs/${name}` };
}

function isList(type: ts.Type, c: Context): boolean {
  return c.checker.isArrayType(type) || c.checker.isTupleType(type);
}

function anonymous(type: ts.Type, c: Context): Node {
  if (type.isUnion()) return union(type, c);
  if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
  if (type.flags & ts.TypeFlags.TemplateLiteral) return { type: "string" };
  if (type.flags & ts.TypeFlags.String) return { type: "string" };
  if (type.flags & ts.TypeFlags.Number) return { type: "number" };
  if (type.flags & ts.TypeFlags.Null) return { type: "null" };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: c.checker.typeToString(type) === "true" };
  if (type.flags & (ts.TypeFlags.Unknown | ts.TypeFlags.Any)) return {};
  const items = c.checker.getTypeArguments(type as ts.TypeReference);
  if (c.checker.isTupleType(type)) {
    const prefixItems = items.map((item) => schemaOf(item, c));
    return { type: "array", prefixItems, minItems: items.length, maxItems: items.length };
  }
  if (c.checker.isArrayType(type))
    return { type: "array", ...(items[0] && { items: schemaOf(items[0], c) }) };
  return object(type, c);
}

function union(type: ts.UnionType, c: Context): Node {
  if (type.flags & ts.TypeFlags.Boolean) return { type: "boolean" };
  const members = type.types.filter((t) => !(t.flags & ts.TypeFlags.Undefined));
  const isBoolean = members.filter((t) => t.flags & ts.TypeFlags.BooleanLiteral).length === 2;
  const rest = isBoolean ? members.filter((t) => !(t.flags & ts.TypeFlags.BooleanLiteral)) : members;
  const schemas = [...rest.map((t) => schemaOf(t, c)), ...(isBoolean ? [{ type: "boolean" }] : [])];
  const [only] = schemas;
  if (schemas.length === 1 && only !== undefined) return only;
  // The compiler's own order changes with what else the program declares.
  if (schemas.every((s) => "const" in s)) return { enum: schemas.map((s) => s.const).sort() };
  const texts = [...new Map(schemas.map((s) => [JSON.stringify(s), s])).values()];
  return texts.length === 1 ? (texts[0] ?? {}) : { anyOf: texts };
}

function object(type: ts.Type, c: Context): Node {
  const index = c.checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const properties: Node = {};
  const required: string[] = [];
  for (const symbol of c.checker.getPropertiesOfType(type)) {
    const description = ts
      .displayPartsToString(symbol.getDocumentationComment(c.checker))
      .replaceAll("\n", " ");
    const schema = schemaOf(c.checker.getTypeOfSymbol(symbol), c);
    properties[symbol.name] = description === "" ? schema : { ...schema, description };
    if (!(symbol.flags & ts.SymbolFlags.Optional)) required.push(symbol.name);
  }
  return {
    type: "object",
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
    additionalProperties: index === undefined ? false : schemaOf(index.type, c),
  };
}
