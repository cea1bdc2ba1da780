/** Comment text, which is the same in every line-based grammar: it must not end its line. */

// With the `u` flag a lone surrogate is a code point of its own, of category Cs.
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** The text with control characters, line separators and lone surrogates turned into spaces. */
export function commentText(value: string): string {
  return value.replaceAll(unprintable, " ");
}

/** Whether text is free of what {@link commentText} replaces. */
export function isPrintable(value: string): boolean {
  return value.search(unprintable) < 0;
}
