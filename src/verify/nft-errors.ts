/** Reads what nft 1.0 to 1.1 says about a ruleset that it refuses. */
import type { NativeProblem } from "./native-problem.ts";

const head = /^(?<file>.*?):(?<line>\d+):(?<column>\d+)-(?<endColumn>\d+): Error: (?<text>.*)$/;

/** The errors in nft's output, in its order; the excerpts and lists of what it expected are left out. */
export function nftProblems(lines: readonly string[]): readonly NativeProblem[] {
  return lines.flatMap((line) => {
    const found = head.exec(line)?.groups;
    if (found === undefined) return [];
    const { file = "", text = "" } = found;
    const place = {
      file,
      line: Number(found.line),
      column: Number(found.column),
      endColumn: Number(found.endColumn),
    };
    return [
      {
        program: "nft" as const,
        text,
        details: [],
        files: [],
        quotes: [],
        ...(place.line > 0 ? { place } : {}),
      },
    ];
  });
}
