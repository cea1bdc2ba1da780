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

const quoted = String.raw`(["'])((?:\\.|(?!\1)[^\\\n])*)|\`((?:\\.|[^\\\`])*)`;
const given = String.raw`["'\`]?\]?\s*(?::\s*string\s*=|[:=])\s*`;
/** Misspelt ones too: what is wrong there is shown often. */
const name = String.raw`\b(?!secret\b)(?:\w*(?:pass|pwd|secr|token|api_?key|credential|psk)\w*|\w*pw)${given}`;
/** What a property of \`auth\` has as its value is shown for these only. */
const shownInAuth = String.raw`\b(?!(?:secret|type|username|realm|algorithm|name|uri|crew_id|agent_id|to_uri|to_user|country)\b)\w+${given}`;

/**
 * Property and variable names whose text value is not to be seen, closing quote or not. In JSON a value without quotes is a
 * mistake, and no less a secret for it.
 */
const secretValues = {
  code: new RegExp(`${name}(?:${quoted})`, "gi"),
  json: new RegExp(`${name}(?:${quoted}|([^\\s"'\`{[,}\\]]+))`, "gi"),
} as const;
const valuesInAuth = new RegExp(`${shownInAuth}(?:${quoted})`, "gi");
/** `secret` names an environment variable; what has not the form of one may be the secret itself. */
const reference = new RegExp(String.raw`\bsecret["'\`]?\s*[:=(]\s*(?:${quoted})`, "g");
const variable = /^[A-Z_][A-Z0-9_]*$/;
/** RFC 3261 section 19.1.1 */
const uriPassword = /\bsips?:[^@:\s"'`]*:([^@\s"'`]*)(?=@)/gi;

/** What of a line must not be seen although its name does not say so. */
export interface Hidden {
  /** The marked stretch, wherever it stands. */
  readonly marked?: boolean;
  /** Text values of properties that are not known to be harmless. */
  readonly values?: boolean;
}

export function shownLine(source: string, span: Span, hidden: Hidden = {}): ShownLine | undefined {
  const newline = span.start.offset === 0 ? -1 : source.lastIndexOf("\n", span.start.offset - 1);
  const lineStart = newline < 0 && source.charCodeAt(0) === 0xfeff ? 1 : newline + 1;
  if (lineStart > span.start.offset || span.start.offset > source.length) return undefined;
  const start = Math.max(lineStart, span.start.offset - window);
  const end = Math.min(endOfLine(source, span.start.offset), span.start.offset + window);
  const marked = {
    from: span.start.offset,
    to: Math.max(span.start.offset + 1, Math.min(span.end.offset, end)),
  };
  const cuts = maskedRanges(source, start, end, span, hidden);
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
function maskedRanges(source: string, from: number, to: number, span: Span, hidden: Hidden) {
  const base = Math.max(0, from - reach);
  const near = source.slice(base, to + reach);
  const patterns = [
    span.file.endsWith(".json") ? secretValues.json : secretValues.code,
    reference,
    ...(hidden.values === true ? [valuesInAuth] : []),
  ];
  const values = patterns.flatMap((pattern) =>
    [...near.matchAll(pattern)].flatMap((m) => {
      const value = m[2] ?? m[3] ?? m[4] ?? "";
      const end = base + m.index + m[0].length;
      return pattern === reference && variable.test(value) ? [] : [{ start: end - value.length, end }];
    }),
  );
  const inUris = [...near.matchAll(uriPassword)].map((m) => {
    const end = base + m.index + m[0].length;
    return { start: end - (m[1] ?? "").length, end };
  });
  const ranges = [...values, ...inUris];
  const own = { start: span.start.offset, end: span.end.offset };
  if (hidden.marked !== true || isName(source, own.end)) return ranges;
  const isQuoted = /^(["'`]).*\1$/s.test(source.slice(own.start, own.end));
  return [...ranges, isQuoted ? { start: own.start + 1, end: own.end - 1 } : own];
}

/** Whether what ends here is the name of a property. */
function isName(source: string, end: number): boolean {
  return /^\s*:/.test(source.slice(end, end + 20));
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
