/** JSON Pointer (RFC 6901): how every layer names a property of the config. */
export type JsonPointer = string;

/** Builds a pointer; `pointer("trunks", 0, "sip")` is `/trunks/0/sip`, no segments is the root, `""`. */
export function pointer(...segments: readonly (string | number)[]): JsonPointer {
  return join("", ...segments);
}

/** Appends segments to a pointer. */
export function join(base: JsonPointer, ...segments: readonly (string | number)[]): JsonPointer {
  let p = base;
  for (const s of segments)
    p +=
      typeof s === "number" || !/[~/]/.test(s)
        ? `/${s}`
        : `/${s.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return p;
}

/** The segments of a pointer, unescaped. */
export function segments(p: JsonPointer): string[] {
  if (p === "") return [];
  return p
    .slice(1)
    .split("/")
    .map((s) => s.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The pointer one level up; the root is its own parent. */
export function parent(p: JsonPointer): JsonPointer {
  return p.slice(0, Math.max(0, p.lastIndexOf("/")));
}

/** The value that a pointer names, or `undefined` where there is none. */
export function valueAt(root: unknown, p: JsonPointer): unknown {
  let value: unknown = root;
  for (const s of segments(p)) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, s)) return undefined;
    value = (value as Record<string, unknown>)[s];
  }
  return value;
}
