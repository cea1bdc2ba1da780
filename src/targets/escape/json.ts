/** The grammar of JSON (RFC 8259) for readers stricter than JavaScript's. */
import { type Escaped, EscapeError, trusted } from "./escaped.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One line of JSON. Throws on NUL and lone surrogates, which C readers refuse or cut at, and on numbers JSON lacks. */
export function jsonText(value: Json): Escaped<"json"> {
  check(value);
  return trusted(JSON.stringify(value));
}

function check(value: Json): void {
  if (typeof value === "string") {
    if (/[\0\p{Cs}]/u.test(value))
      throw new EscapeError("json", `NUL or lone surrogate in ${JSON.stringify(value)}`);
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new EscapeError("json", String(value));
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      check(key);
      check(item);
    }
  }
}
