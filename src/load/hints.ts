/** What a beginner most likely meant, where a config does not even run. */
import { suggest } from "../core/suggest.ts";

/** Addresses, URIs and numbers with their sign: text that looks as if it could stand alone. */
const textLike = /^(?:\+\d+|[\w-]+(?:[.:@/+]+[\w-]+)+)/;

/** For a syntax error: the text around its column that lacks quotes, or the quote that lacks its partner. */
export function syntaxHint(message: string, line: string, column: number): string | undefined {
  if (message.startsWith("Unterminated string"))
    return "Close the text with the quote that it begins with, on the same line.";
  // The error stands where the text cannot go on as code; its start lies before that.
  const before = line.slice(0, column);
  const start = Math.max(...[" ", "[", "(", "{", ","].map((c) => before.lastIndexOf(c))) + 1;
  const found = textLike.exec(line.slice(start))?.[0];
  return found === undefined || start + found.length < column ? undefined : quoteHint(found);
}

/** For an error that a config throws while it runs; `exported` is what `crew` gives. */
export function thrownHint(error: unknown, exported: readonly string[]): string {
  if (error instanceof ReferenceError) {
    const unset = /^Cannot access '(\S+)' before initialization$/.exec(error.message)?.[1];
    if (unset !== undefined)
      return `What '${unset}' is stands further down: move it above its first use. Of two files that import each other, one runs before the other is ready; move what both need into a third.`;
    const undeclared = /^(\S+) is not defined$/.exec(error.message)?.[1];
    if (undeclared !== undefined) return undeclaredHint(undeclared, exported);
  }
  return error instanceof TypeError || error instanceof RangeError
    ? "Look at the marked line; what it reads is not what it expects."
    : "The config, or what it imports, throws this itself; the marked line is where.";
}

function undeclaredHint(name: string, exported: readonly string[]): string {
  if (exported.includes(name)) return `Add 'import { ${name} } from "crew";' at the top.`;
  const near = suggest(name, exported);
  const meant = near === undefined ? "" : `Did you mean '${near}'? `;
  return `${meant}If it is text, write it in quotes ("${name}"); if it is a value, import or declare it.`;
}

export const quoteHint = (text: string): string => `Text is written in quotes: "${text}".`;
