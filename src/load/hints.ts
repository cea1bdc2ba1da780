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

/** For a name that nothing declares. */
export function undeclaredHint(error: unknown, exported: readonly string[]): string | undefined {
  const name = error instanceof Error ? /^(\S+) is not defined$/.exec(error.message)?.[1] : undefined;
  if (name === undefined || !(error instanceof ReferenceError)) return undefined;
  if (exported.includes(name)) return `Add 'import { ${name} } from "crew";' at the top.`;
  const near = suggest(name, exported);
  const meant = near === undefined ? "" : `Did you mean '${near}'? `;
  return `${meant}If it is text, write it in quotes ("${name}"); if it is a value, import or declare it.`;
}

export const quoteHint = (text: string): string => `Text is written in quotes: "${text}".`;
