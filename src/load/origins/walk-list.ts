/** Follows a path into a list, and into what a function returns. */
import type ts from "typescript";
import { chosen, firstMatch } from "./choose.ts";
import { type Found, member, type Source, type Stretch, stretchOfSource, type Tracer } from "./source.ts";

/** An entry of a list, counted through spreads; the real length helps where one of them is opaque. */
export function walkItem(
  tracer: Tracer,
  source: Source,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (source.kind === "json" && source.node.kind === "object") {
    const found = source.node.members.find((m) => m.name === key);
    if (found === undefined) return undefined;
    const label = { file: source.file, start: found.nameStart, end: found.nameEnd };
    return tracer.walk({ ...source, node: found.value }, rest, member(actual, key), label);
  }
  const items = tracer.items(source);
  if (items === undefined || !/^[0-9]+$/.test(key)) return undefined;
  const item = itemAt(items, Number(key), Array.isArray(actual) ? actual.length : undefined);
  const value = member(actual, key);
  if (item === undefined) return firstMatch(tracer, items, rest, value);
  const found = tracer.walk(item, rest, value);
  if (found.mismatch !== true) return found;
  return { source, at: stretchOfSource(source), rest: path, ...(name === undefined ? {} : { name }) };
}

function itemAt(items: readonly Source[], index: number, length: number | undefined): Source | undefined {
  const first = items.findIndex((i) => i.kind === "opaque");
  if (first < 0 || index < first) return items[index];
  const last = items.findLastIndex((i) => i.kind === "opaque");
  if (length === undefined) return undefined;
  const fromEnd = length - index;
  if (fromEnd <= items.length - 1 - last) return items[items.length - fromEnd];
  return first === last ? items[first] : undefined;
}

/** What a function returns; where it returns at several places, the one that fits. */
export function walkReturns(
  tracer: Tracer,
  source: Extract<Source, { kind: "call" }>,
  path: readonly string[],
  actual: unknown,
  name?: Stretch,
): Found | undefined {
  const { fn } = source;
  const t = tracer.ts;
  if (fn.body === undefined) return undefined;
  const env = new Map(source.env);
  for (const [i, parameter] of fn.parameters.entries()) {
    const arg: Source | undefined =
      parameter.dotDotDotToken === undefined
        ? source.args[i]
        : { kind: "list", items: source.args.slice(i), at: source.at };
    if (arg !== undefined) env.set(parameter, arg);
    else env.delete(parameter);
  }
  const results: ts.Expression[] = [];
  if (t.isBlock(fn.body)) collectReturns(t, fn.body, results);
  else results.push(fn.body);
  const sources = results.map((node): Source => ({ kind: "expression", node, env }));
  const [only] = sources;
  if (sources.length !== 1 || only === undefined) return chosen(tracer, sources, path, actual, name);
  return tracer.walk(only, path, actual, name);
}

function collectReturns(t: typeof ts, node: ts.Node, results: ts.Expression[]): void {
  t.forEachChild(node, (child) => {
    if (t.isFunctionLike(child)) return;
    if (t.isReturnStatement(child) && child.expression !== undefined) results.push(child.expression);
    else collectReturns(t, child, results);
  });
}
