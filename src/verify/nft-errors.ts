/** Reads what nft 1.0 to 1.1 says about a ruleset, and finds the line of a JSON command that it refuses. */
import type { NativePlace, NativeProblem } from "./native-problem.ts";

const head =
  /^(?<file>.*?):(?<line>\d+):(?<column>\d+)-(?<endColumn>\d+): (?<kind>Error|Warning): (?<text>.*)$/;

/** The errors in nft's output, in its order. Those about JSON have no place: their file is `internal`. */
export function nftProblems(lines: readonly string[]): readonly NativeProblem[] {
  return lines.flatMap((line) => {
    const found = head.exec(line)?.groups;
    if (found === undefined || found.kind !== "Error") return [];
    const place: NativePlace = {
      file: found.file ?? "",
      line: Number(found.line),
      column: Number(found.column),
      endColumn: Number(found.endColumn),
    };
    const known = found.file !== "internal" && found.file !== "/dev/stdin" && place.line > 0;
    const quotes = [...(found.text ?? "").matchAll(/['‘"]([^'’"]{2,80})['’"]/g)].map((m) => m[1] ?? "");
    return [
      { program: "nft", text: found.text ?? "", details: [], files: [], quotes, ...(known ? { place } : {}) },
    ];
  });
}

/** The index of the command that nft's JSON parser names, where it names one. */
export function failedCommand(lines: readonly string[]): number | undefined {
  for (const line of lines) {
    const index = /Parsing command array at index (\d+) failed/.exec(line)?.[1];
    if (index !== undefined) return Number(index);
  }
  return undefined;
}

/**
 * For each element of the `nftables` array of an nft JSON text, the line (from 1) that it starts on. Reads the text without
 * trusting its layout; empty where it is no such document.
 */
export function commandLines(text: string): readonly number[] {
  const lines: number[] = [];
  const open = /"nftables"\s*:\s*\[/.exec(text);
  if (open === null) return lines;
  let line = text.slice(0, open.index + open[0].length).split("\n").length;
  let depth = 0;
  for (let i = open.index + open[0].length; i < text.length; i++) {
    const c = text[i];
    if (c === "\n") line++;
    else if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (c === "{" || c === "[") {
      if (depth === 0) lines.push(line);
      depth++;
    } else if (c === "}" || c === "]") {
      if (depth === 0) break;
      depth--;
    }
  }
  return lines;
}

/** The first command of a list that `accepts` refuses with those before it in place, by bisection; `undefined` where none. */
export async function firstRefused(
  commands: readonly unknown[],
  accepts: (prefix: readonly unknown[]) => Promise<boolean>,
): Promise<number | undefined> {
  let good = 0;
  let bad = commands.length;
  if (await accepts(commands)) return undefined;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await accepts(commands.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}
