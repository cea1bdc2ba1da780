/** "Did you mean": the nearest of a set of known words. */
import { distance } from "fastest-levenshtein";

/** The candidate within a third of the word's length in edits (at least two), nearest first, else `undefined`. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
