/** The entries of lists: literals, spreads, and what the list functions of the language make of them. */
import type ts from "typescript";
import { functionOf, globalName } from "./calls.ts";
import { type Env, type FunctionNode, type Source, unknown } from "./source.ts";
import type { WalkContext } from "./walk.ts";

/** Methods whose result is a list with entries that can be followed. */
export const listMethods: ReadonlySet<string> = new Set([
  "map",
  "flatMap",
  "filter",
  "concat",
  "slice",
  "sort",
  "reverse",
  "toSorted",
  "toReversed",
  "flat",
  "from",
  "of",
  "entries",
  "values",
  "keys",
]);

/** The entries of a list; `undefined` where it is none that can be followed. */
export function items(c: WalkContext, source: Source): readonly Source[] | undefined {
  const t = c.tracer.ts;
  if (!c.tracer.spend()) return undefined;
  switch (source.kind) {
    case "list":
      return source.items;
    case "json":
      return source.node.kind === "array"
        ? source.node.elements.map((node) => ({ ...source, node }))
        : undefined;
    case "expression":
      break;
    default: {
      const found = c.tracer.walk(source, [], unknown);
      return found.source === source || found.source.kind === "call"
        ? undefined
        : c.tracer.items(found.source);
    }
  }
  const { node, env } = source;
  if (t.isArrayLiteralExpression(node))
    return node.elements.flatMap((e): readonly Source[] => {
      if (!t.isSpreadElement(e)) return [{ kind: "expression", node: e, env }];
      return c.tracer.items({ kind: "expression", node: e.expression, env }) ?? [{ kind: "opaque", at: e }];
    });
  if (t.isCallExpression(node)) {
    const known = methodItems(c, node, env);
    if (known !== undefined) return known;
  }
  const found = c.tracer.walk(source, [], unknown);
  return found.source === source ? undefined : c.tracer.items(found.source);
}

function methodItems(c: WalkContext, node: ts.CallExpression, env: Env): readonly Source[] | undefined {
  const t = c.tracer.ts;
  const callee = node.expression;
  if (!t.isPropertyAccessExpression(callee)) return undefined;
  const own: Source = { kind: "expression", node: callee.expression, env };
  const args = node.arguments.map((a): Source => ({ kind: "expression", node: a, env }));
  const opaque: Source = { kind: "opaque", at: node };
  const each = (of: readonly Source[], fn: ReturnType<typeof functionOf>): readonly Source[] =>
    fn === undefined || fn === "package"
      ? of.map(() => opaque)
      : of.map((item, i) =>
          item.kind === "opaque"
            ? { ...opaque, each: called(fn, [item], node) }
            : called(fn, [item, { kind: "value", value: i, at: node }], node),
        );
  switch (globalName(c, callee)) {
    case "Array.of":
      return args;
    case "Array.from": {
      const [of, by] = node.arguments;
      const list = of === undefined ? undefined : c.tracer.items({ kind: "expression", node: of, env });
      const length =
        of === undefined
          ? unknown
          : c.tracer.evaluate({
              kind: "inside",
              of: { kind: "expression", node: of, env },
              path: ["length"],
              at: node,
            });
      const counted =
        typeof length === "number" && length <= 1_000_000
          ? Array.from({ length }, (): Source => ({ kind: "value", value: undefined, at: node }))
          : undefined;
      const entries = list ?? counted ?? [opaque];
      return by === undefined ? list : each(entries, functionOf(c, by, env));
    }
    case "Object.entries":
    case "Object.values":
    case "Object.keys":
      return undefined;
  }
  switch (callee.name.text) {
    case "map": {
      const [by] = node.arguments;
      return by === undefined ? undefined : each(c.tracer.items(own) ?? [opaque], functionOf(c, by, env));
    }
    case "flatMap": {
      const [by] = node.arguments;
      if (by === undefined) return undefined;
      return each(c.tracer.items(own) ?? [opaque], functionOf(c, by, env)).flatMap(
        (s) => c.tracer.items(s) ?? [{ kind: "opaque" as const, at: node }],
      );
    }
    case "flat":
      return (c.tracer.items(own) ?? [opaque]).flatMap((s) => c.tracer.items(s) ?? [s]);
    case "concat":
      return [own, ...args].flatMap((s) => c.tracer.items(s) ?? [s === own ? opaque : s]);
    case "reverse":
    case "toReversed": {
      const list = c.tracer.items(own);
      return list === undefined ? undefined : [...list].reverse();
    }
    case "slice":
    case "filter":
    case "sort":
    case "toSorted":
      return subset(c, own, callee.name.text, args, node);
    default:
      return undefined;
  }
}

/** Which entries remain cannot be said without running the function; the values tell (`firstMatch`). */
function subset(
  c: WalkContext,
  own: Source,
  method: string,
  args: readonly Source[],
  at: ts.Node,
): readonly Source[] | undefined {
  const list = c.tracer.items(own);
  if (list === undefined) return undefined;
  if (method === "slice") {
    const [from, to] = args.map((a) => c.tracer.evaluate(a));
    if ((from === undefined || typeof from === "number") && (to === undefined || typeof to === "number"))
      return list.slice(from, to);
  }
  return [{ kind: "opaque", at }, ...list, { kind: "opaque", at }];
}

function called(
  fn: { readonly fn: FunctionNode; readonly env: Env },
  args: readonly Source[],
  at: ts.Node,
): Source {
  return { kind: "call", fn: fn.fn, args, env: fn.env, at };
}
