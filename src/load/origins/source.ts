/** What stands behind a value of the config: an expression, an element of a mapped list, a piece of JSON. */
import type ts from "typescript";
import type { JsonNode } from "../json-text.ts";

/** What the parameters of the functions on the way are bound to, by their declaration. */
export type Env = ReadonlyMap<ts.Node, Source>;

export type FunctionNode =
  | ts.FunctionDeclaration
  | ts.FunctionExpression
  | ts.ArrowFunction
  | ts.MethodDeclaration;

export type Source =
  | { readonly kind: "expression"; readonly node: ts.Expression; readonly env: Env }
  /** What a function returns for these arguments; `at` is where it is called. */
  | {
      readonly kind: "call";
      readonly fn: FunctionNode;
      readonly args: readonly Source[];
      readonly env: Env;
      readonly at: ts.Node;
    }
  /** Rest parameters. */
  | { readonly kind: "list"; readonly items: readonly Source[]; readonly at: ts.Node }
  /** A number that the program counts. */
  | { readonly kind: "value"; readonly value: unknown; readonly at: ts.Node }
  | { readonly kind: "json"; readonly file: string; readonly text: string; readonly node: JsonNode }
  /** A function or class itself. */
  | { readonly kind: "function"; readonly fn: FunctionNode; readonly env: Env; readonly at: ts.Node }
  /** Something inside another source. */
  | { readonly kind: "inside"; readonly of: Source; readonly path: readonly string[]; readonly at: ts.Node }
  /** One entry or property that a statement gave. */
  | { readonly kind: "entry"; readonly key: string; readonly source: Source; readonly at: ts.Node }
  /** Any number of entries that could not be followed one by one; `each` is what they have in common. */
  | { readonly kind: "opaque"; readonly at: ts.Node; readonly each?: Source };

/** A stretch of a file, in offsets. */
export interface Stretch {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface Found {
  /** The deepest source that was reached. */
  readonly source: Source;
  readonly at: Stretch;
  /** The property name that led there. */
  readonly name?: Stretch;
  /** What of the path could not be followed. */
  readonly rest: readonly string[];
  /** The literal that was reached is not the value that the config has: the way there was wrong. */
  readonly mismatch?: boolean;
}

/** A value that is not known. */
export const unknown: unique symbol = Symbol("unknown");

export interface Tracer {
  readonly ts: typeof ts;
  /** Follows a path into a source; `actual` is the value that the source has in the config, or `unknown`. */
  walk(source: Source, path: readonly string[], actual: unknown, name?: Stretch): Found;
  /** The entries of a list; `opaque` ones stand for any number of entries. `undefined`: no list that can be followed. */
  items(source: Source): readonly Source[] | undefined;
  /** The value where it can be worked out without running anything, else `unknown`. */
  evaluate(source: Source): unknown;
  /** What an import names, `default` and `*` included. */
  exported(fromFile: string, specifier: string, name: string): Source | undefined;
  /** Counts work; false once the budget is spent. */
  spend(): boolean;
}

export function stretchOf(node: ts.Node): Stretch {
  const file = node.getSourceFile();
  return { file: file.fileName, start: node.getStart(file), end: node.end };
}

export function stretchOfSource(source: Source): Stretch {
  switch (source.kind) {
    case "expression":
      return stretchOf(source.node);
    case "json":
      return { file: source.file, start: source.node.start, end: source.node.end };
    default:
      return stretchOf(source.at);
  }
}

/** Whether two plain values are the same; bounded by the size of the first. */
export function same(a: unknown, b: unknown): boolean {
  if (a === unknown || b === unknown) return false;
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a).filter((k) => (a as Record<string, unknown>)[k] !== undefined);
  const others = Object.keys(b).filter((k) => (b as Record<string, unknown>)[k] !== undefined);
  return (
    names.length === others.length &&
    names.every((k) => same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]))
  );
}

/** The value of a property, `unknown` where the whole is. */
export function member(actual: unknown, name: string): unknown {
  if (actual === unknown || actual === null || typeof actual !== "object") return unknown;
  return Object.hasOwn(actual, name) ? (actual as Record<string, unknown>)[name] : undefined;
}

/** Whether what was found can be the value; what cannot be worked out can. */
export function fits(tracer: Tracer, found: Found, actual: unknown): boolean {
  if (actual === unknown || found.rest.length > 0) return true;
  const value = tracer.evaluate(found.source);
  return value === unknown || same(value, actual);
}
