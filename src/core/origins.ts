/** How a pointer into the config's value becomes a place in the user's files. */
import type { JsonPointer } from "./pointer.ts";
import type { Span } from "./span.ts";

/**
 * What of a property is meant: its name, its value where that is written, or what stands at the property itself, which may
 * only name a value that is written elsewhere.
 */
export type Part = "key" | "value" | "use";

/** Resolves a pointer of the config to where it is written; asked only for what is shown. */
export interface Origins {
  /** `part` is `value` by default; `undefined` where nothing better than the file is known. */
  locate(pointer: JsonPointer, part?: Part): Promise<Span | undefined>;
}
