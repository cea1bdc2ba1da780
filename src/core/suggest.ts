/** "Did you mean": the nearest of a set of known words. */
import { distance } from "fastest-levenshtein";

const lettersOf = (word: string): string => [...word].sort().join("");

/**
 * The candidate within a third of the word's length in edits (at least two), nearest first, else `undefined`. Of short words that
 * would be nearly any: fewer than half of the letters may differ, unless they are the same ones in another order.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const written = word.toLowerCase();
  const limit = Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const d = distance(written, known);
    const like = d < Math.max(written.length, known.length) / 2 || lettersOf(written) === lettersOf(known);
    if (like && d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
