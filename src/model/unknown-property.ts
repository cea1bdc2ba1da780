/** CREW2001: a property that an object does not have, and where it belongs or which one was meant. */
import type { Diagnostic } from "../core/diagnostic.ts";
import type { JsonPointer } from "../core/pointer.ts";
import { suggest } from "../core/suggest.ts";
import type { KnownKeys, Path } from "./known-keys.ts";

/** `name` is what messages call the object at `path`; `pointer` is that of the property. */
export function unknownProperty(
  key: string,
  path: Path,
  name: string,
  pointer: JsonPointer,
  known: KnownKeys,
): Diagnostic {
  const place = { pointer, part: "key" } as const;
  const candidates = known.at(path);
  const quoted = `'${key.slice(0, 64)}'`;
  if (candidates.includes(key))
    return {
      code: "CREW2001",
      severity: "error",
      ...place,
      message: `${quoted} cannot stand beside the other properties of ${name}.`,
      help: "Give only one of those that exclude each other.",
    };
  const home = homeOf(key, path, candidates, known);
  const nearest = home === undefined ? suggest(key, candidates) : undefined;
  return {
    code: "CREW2001",
    severity: "error",
    ...place,
    message: `${quoted} is not a property of ${name}.`,
    help:
      home !== undefined
        ? home
        : nearest === undefined
          ? `Known: ${candidates.join(", ")}.`
          : `Did you mean '${nearest}'?`,
    ...(nearest === undefined
      ? {}
      : { fix: { applicability: "unsafe", title: `Rename it to '${nearest}'`, replacement: nearest } }),
  };
}

/** Where a property of exactly this name belongs: around the object, or in one of the objects that it may hold. */
function homeOf(
  key: string,
  path: Path,
  candidates: readonly string[],
  known: KnownKeys,
): string | undefined {
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const outer = path[depth];
    if (typeof outer === "string" && known.at(path.slice(0, depth)).includes(key))
      return `It stands beside '${outer}', not in it.`;
  }
  const inside = candidates.filter((name) => known.at([...path, name]).includes(key));
  const ofEntries = candidates.filter((name) => known.at([...path, name, 0]).includes(key));
  const holders = inside.length > 0 ? inside : ofEntries;
  if (holders.length > 0 && holders.length < 3)
    return `It belongs in ${inside.length > 0 ? "" : "the entries of "}${holders.map((name) => `'${name}'`).join(" or ")}.`;
  if (known.ofEdge.includes(key))
    return `It belongs to an edge: export defineEdge({ trunks: [ … ], ${key}: … }).`;
  return undefined;
}
