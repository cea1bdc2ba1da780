/** One line of a source file as a code frame shows it: passwords masked, controls visible, not longer than a terminal. */
import type { Span } from "../../core/span.ts";
import { visible } from "./visible.ts";

export interface ShownLine {
  readonly text: string;
  /** Columns of the marked stretch, from 0, the end exclusive and beyond the start. */
  readonly from: number;
  readonly to: number;
}

const mask = "•••";
const widest = 110;
const clipped = "…";
/** Of a very long line only so many characters around the place are looked at. */
const window = 400;
/** The value of a password may stand so many characters behind its name. */
const reach = 2000;

const name = String.raw`\b(?!secret\b)\w*(?:password|passwd|passphrase|secret|token|api_?key)\w*["'\`]?\]?\s*(?::\s*string\s*=|[:=])\s*`;
const quoted = String.raw`(["'])((?:\\.|(?!\1)[^\\\n])*)|\`((?:\\.|[^\\\`])*)`;

/**
 * Property and variable names whose text value is not to be seen, closing quote or not; `secret` alone names a
 * reference. In JSON a value without quotes is a mistake, and no less a secret for it.
 */
const secretValues = {
  code: new RegExp(`${name}(?:${quoted})`, "gi"),
  json: new RegExp(`${name}(?:${quoted}|([^\\s"'\`{[,}\\]]+))`, "gi"),
} as const;

/**
 * @param secret the marked stretch itself is a secret, wherever it stands
 */
export function shownLine(source: string, span: Span, secret: boolean): ShownLine | undefined {
  const newline = span.start.offset === 0 ? -1 : source.lastIndexOf("\n", span.start.offset - 1);
  const lineStart = newline < 0 && source.charCodeAt(0) === 0xfeff ? 1 : newline + 1;
  if (lineStart > span.start.offset || span.start.offset > source.length) return undefined;
  const start = Math.max(lineStart, span.start.offset - window);
  const end = Math.min(endOfLine(source, span.start.offset), span.start.offset + window);
  const marked = {
    from: span.start.offset,
    to: Math.max(span.start.offset + 1, Math.min(span.end.offset, end)),
  };
  const cuts = maskedRanges(source, start, end, span, secret);
  let text = "";
  let columns = 0;
  let from: number | undefined;
  let to = 0;
  for (let i = start; i < end; ) {
    const cut = cuts.find((c) => c.start <= i && i < c.end);
    const next = cut === undefined ? i + (isPair(source, i) ? 2 : 1) : Math.min(cut.end, end);
    const shown = cut === undefined ? glyph(source.slice(i, next)) : mask;
    if (from === undefined && marked.from < next) from = columns;
    text += shown;
    columns += [...shown].length;
    if (i < marked.to) to = columns;
    i = next;
  }
  from ??= columns;
  return clip({ text, from, to: Math.max(to, from + 1) });
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  const line = end < 0 ? source.length : end;
  return source[line - 1] === "\r" && line > from ? line - 1 : line;
}

/** The stretches between `from` and `to` whose characters are not to be seen. */
function maskedRanges(source: string, from: number, to: number, span: Span, secret: boolean) {
  const base = Math.max(0, from - reach);
  const values = span.file.endsWith(".json") ? secretValues.json : secretValues.code;
  const ranges = [...source.slice(base, to + reach).matchAll(values)].map((m) => {
    const end = base + m.index + m[0].length;
    return { start: end - (m[2] ?? m[3] ?? m[4] ?? "").length, end };
  });
  if (!secret) return ranges;
  const own = { start: span.start.offset, end: span.end.offset };
  const isQuoted = /^(["'`]).*\1$/s.test(source.slice(own.start, own.end));
  return [...ranges, isQuoted ? { start: own.start + 1, end: own.end - 1 } : own];
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function glyph(character: string): string {
  return character === "\t" ? "  " : visible(character);
}

/** Cuts a long line around the marked stretch. */
function clip(line: ShownLine): ShownLine {
  const characters = [...line.text];
  if (characters.length <= widest) return line;
  const first = Math.max(0, Math.min(line.from - 30, characters.length - widest));
  const last = Math.min(characters.length, first + widest);
  const head = first > 0 ? clipped : "";
  const tail = last < characters.length ? clipped : "";
  const shift = head.length - first;
  return {
    text: head + characters.slice(first, last).join("") + tail,
    from: line.from + shift,
    to: Math.min(line.to, last) + shift,
  };
}
