/** Text that has passed the escaping of one grammar, told apart from raw text by its type. */
import type { JsonPointer } from "../../core/pointer.ts";

declare const brand: unique symbol;

/** Text that is safe in a place of grammar `G`, for example `Escaped<"kamailio.string">`. */
export type Escaped<G extends string = string> = string & { readonly [brand]: G };

/**
 * Marks text as escaped. Only an escaper of the grammar, or a constant that a programmer wrote in that grammar, may
 * call it; a value from a config never reaches it directly.
 */
export function trusted<G extends string>(text: string): Escaped<G> {
  return text as Escaped<G>;
}

/** Names the config property that a line of an artifact comes from; leaves no text. See `render`. */
export interface Origin {
  readonly origin: JsonPointer;
}

/** What a template of grammar `G` may see: a raw string does not type-check. */
export type Value<G extends string> =
  | Escaped<G>
  | number
  | boolean
  | undefined
  | Origin
  | readonly Value<G>[]
  | Context<G>;

/** The top of what a template sees. Use type aliases, not interfaces, for what goes in. */
export type Context<G extends string> = { readonly [name: string]: Value<G> };

/** A value that a grammar cannot express; the checks and the schema refuse it earlier, so reaching this is a bug of crew. */
export class EscapeError extends Error {
  readonly grammar: string;
  constructor(grammar: string, why: string) {
    super(`${grammar}: ${why}`);
    this.name = "EscapeError";
    this.grammar = grammar;
  }
}
