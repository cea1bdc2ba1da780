/** Origins of a config that is a module: pointers follow the expressions that made the value. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type ts from "typescript";
import type { Origins, Part } from "../../core/origins.ts";
import { segments } from "../../core/pointer.ts";
import type { Span } from "../../core/span.ts";
import { displayPath, lineStarts, positionAt } from "../place.ts";

import { evaluate } from "./evaluate.ts";
import { items } from "./lists.ts";
import { modules } from "./modules.ts";
import { names } from "./names.ts";
import { type Found, type Source, type Stretch, type Tracer, unknown } from "./source.ts";
import { useOf } from "./use.ts";
import { type WalkContext, walk } from "./walk.ts";

export interface ModuleConfig {
  readonly entry: string;
  readonly cwd: string;
  /** What the module exported, as plain data. */
  readonly value: unknown;
  readonly files: readonly string[];
  /** File and specifier, joined by a newline, to file. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Steps that one pointer may take; enough for any config, little enough to stay below a second. */
const budget = 400_000;
/** Nested steps; more would overflow the stack. */
const deepest = 400;

/**
 * The `typescript` package is loaded when the first place is asked for; by `require`, since an import would first search
 * its megabytes for names to export.
 */
export function moduleOrigins(config: ModuleConfig): Origins {
  let locator: ((path: readonly string[], part: Part) => Span | undefined) | undefined;
  return {
    async locate(pointer, part = "value") {
      locator ??= makeLocator(createRequire(import.meta.url)("typescript") as typeof ts, config);
      return locator(segments(pointer), part);
    },
  };
}

function makeLocator(t: typeof ts, config: ModuleConfig) {
  const graph = modules(t, new Set(config.files), config.imports);
  const texts = new Map<string, readonly number[]>();
  const spanOf = ({ file, start, end }: Stretch): Span => {
    const starts = texts.get(file) ?? lineStarts(readFileSync(file, "utf8"));
    texts.set(file, starts);
    return {
      file: displayPath(file, config.cwd),
      start: positionAt(starts, start),
      end: positionAt(starts, end),
    };
  };
  const lists = new WeakMap<object, readonly Source[] | undefined>();
  let left = 0;
  let depth = 0;
  const deeper = <T>(make: () => T, otherwise: T): T => {
    if (depth >= deepest) return otherwise;
    depth++;
    try {
      return make();
    } finally {
      depth--;
    }
  };
  const tracer: Tracer = {
    ts: t,
    walk: (source, path, actual, name) =>
      deeper((): Found => walk(context, source, path, actual, name), unfollowed(source, path, name)),
    items(source) {
      const key = source.kind === "expression" && source.env.size === 0 ? source.node : undefined;
      if (key !== undefined && lists.has(key)) return lists.get(key);
      const made = deeper(() => items(context, source), undefined);
      if (key !== undefined && left > 0) lists.set(key, made);
      return made;
    },
    evaluate: (source) => deeper(() => evaluate(context, source), unknown),
    exported: graph.exported,
    spend: () => left-- > 0,
  };
  const context: WalkContext = { tracer, names: names(t) };
  const root = graph.exportOf(config.entry, "default");
  return (path: readonly string[], part: Part): Span | undefined => {
    if (root === undefined) return undefined;
    left = budget;
    const use = part === "use" ? useOf(tracer, root, path, config.value) : undefined;
    if (use !== undefined) return spanOf(use);
    const found = tracer.walk(root, path, config.value);
    return spanOf(part === "key" && found.rest.length === 0 ? (found.name ?? found.at) : found.at);
  };
}

function unfollowed(source: Source, path: readonly string[], name: Stretch | undefined): Found {
  const at: Stretch =
    source.kind === "json"
      ? { file: source.file, start: source.node.start, end: source.node.end }
      : stretch(source.kind === "expression" ? source.node : source.at);
  return { source, at, rest: path, ...(name === undefined ? {} : { name }) };
}

function stretch(node: ts.Node): Stretch {
  const file = node.getSourceFile();
  return { file: file.fileName, start: node.getStart(file), end: node.end };
}
