/** How a pointer into the config's value becomes a place in the user's files. */
import type { JsonPointer } from "./pointer.ts";
import type { Span } from "./span.ts";

/** Resolves a pointer of the config to where it is written; asked only for what is shown. */
export interface Origins {
  /** The span of the value, or of the property's name with `part: "key"`; `undefined` where nothing better than the file is known. */
  locate(pointer: JsonPointer, part?: "key" | "value"): Promise<Span | undefined>;
}
