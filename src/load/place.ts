/** Spans from file names, lines and columns. */
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Position, Span } from "../core/span.ts";

/** The name of a file as the user sees it: relative to `cwd` where it lies below it, with forward slashes. */
export function displayPath(file: string, cwd: string): string {
  const short = relative(cwd, resolve(cwd, file));
  const shown =
    short === "" || short === ".." || short.startsWith(`..${sep}`) || isAbsolute(short) ? file : short;
  return shown.split(sep).join("/");
}

/**
 * Offsets at which the lines of a text start; CRLF, LF and a lone CR end a line, and a byte order mark is no column, as
 * editors hold it.
 */
export function lineStarts(text: string): number[] {
  const starts = [text.charCodeAt(0) === 0xfeff ? 1 : 0];
  const ends = /\r\n?|\n/g;
  while (ends.exec(text) !== null) starts.push(ends.lastIndex);
  return starts;
}

/** 1-based line and column of an offset. */
export function positionAt(starts: readonly number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1, offset };
}

export function spanBetween(file: string, text: string, start: number, end: number): Span {
  const starts = lineStarts(text);
  return { file, start: positionAt(starts, start), end: positionAt(starts, end) };
}

/** The span of `length` characters at a 1-based line and column, clipped to the line. */
export function spanAtLine(file: string, text: string, line: number, column: number, length: number): Span {
  const starts = lineStarts(text);
  const lineStart = starts[line - 1] ?? text.length;
  const lineEnd = starts[line] ?? text.length;
  const start = Math.min(lineStart + Math.max(0, column - 1), lineEnd);
  const end = Math.max(start, Math.min(start + length, lineEnd));
  return {
    file,
    start: positionAt(starts, start),
    end: {
      ...positionAt(starts, start),
      column: positionAt(starts, start).column + (end - start),
      offset: end,
    },
  };
}

/** The first character of a file: for what concerns the file as a whole. */
export function fileSpan(file: string): Span {
  const start = { line: 1, column: 1, offset: 0 };
  return { file, start, end: start };
}
