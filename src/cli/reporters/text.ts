/** Diagnostics for people: the line with the place underlined, why it matters and what to do. */
import { styleText } from "node:util";
import type { Diagnostic, Place, Severity } from "../../core/diagnostic.ts";
import { segments } from "../../core/pointer.ts";
import type { Span } from "../../core/span.ts";
import { defaultLimits, holdBack, type Limits, summary } from "./flood.ts";
import { type Hidden, shownLine } from "./source-line.ts";
import { visible } from "./visible.ts";

export interface TextOptions {
  readonly color: boolean;
  /** The text of a file as a span names it; `undefined` where it cannot be read. */
  readonly source: (file: string) => string | undefined;
  readonly limits?: Limits;
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** All of them with a closing summary, each line complete; nothing at all where there is nothing to say. */
export function renderText(diagnostics: readonly Diagnostic[], options: TextOptions): string {
  if (diagnostics.length === 0) return "";
  const paint: Paint = options.color ? (style, text) => styleText(style, text) : (_, text) => text;
  const { shown, more } = holdBack(diagnostics, options.limits ?? defaultLimits);
  const explained = new Set<string>();
  const blocks = shown.map((d) => {
    const first = !explained.has(d.code);
    explained.add(d.code);
    return block(d, first, options, paint);
  });
  const rest = more.map(({ code, count }) => `… and ${count} more ${code}\n`).join("");
  const worst = (["error", "warning", "info"] as const)
    .map((severity) => shown.find((d) => d.severity === severity))
    .find((d) => d !== undefined);
  const hint = worst === undefined ? "" : ` See 'crew explain ${worst.code}'.`;
  return `${blocks.join("\n")}${rest === "" ? "" : `\n${rest}`}\n${paint("bold", `${summary(diagnostics)}.`)}${hint}\n`;
}

const styles: Readonly<Record<Severity, Parameters<typeof styleText>[0]>> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  info: ["bold", "blue"],
};

function block(d: Diagnostic, isFirst: boolean, options: TextOptions, paint: Paint): string {
  const mark = styles[d.severity];
  const lines = [`${paint(mark, `${d.severity}[${d.code}]`)}${paint("bold", `: ${visible(d.message)}`)}`];
  lines.push(...placed(d, paint(mark, "-->"), "^", mark, options, paint));
  for (const related of d.related ?? [])
    lines.push(...placed(related, "···", "-", "cyan", options, paint, related.label));
  if (isFirst && d.why !== undefined) lines.push(...note("why", d.why, paint));
  if (d.help !== undefined) lines.push(...note("help", d.help, paint));
  return `${lines.join("\n")}\n`;
}

function note(name: string, text: string, paint: Paint): string[] {
  const [first = "", ...rest] = visible(text, "keep").split("\n");
  return [`  ${paint("bold", `${name}:`)} ${first}`, ...rest.map((line) => `    ${line}`)];
}

function placed(
  place: Place,
  arrow: string,
  underline: string,
  style: Parameters<typeof styleText>[0],
  { source }: TextOptions,
  paint: Paint,
  label = "",
): string[] {
  const { span } = place;
  const about = label === "" ? "" : ` ${visible(label)}`;
  if (span === undefined)
    return place.pointer === undefined || place.pointer === ""
      ? about === ""
        ? []
        : [`  ${arrow}${about}`]
      : [`  ${arrow} ${visible(place.pointer)}${about}`];
  const lines = [`  ${arrow} ${visible(span.file)}:${span.start.line}:${span.start.column}${about}`];
  const text = source(span.file);
  return text === undefined
    ? lines
    : [...lines, ...frame(text, span, hidden(place), underline, style, paint)];
}

function frame(
  text: string,
  span: Span,
  hidden: Hidden,
  underline: string,
  style: Parameters<typeof styleText>[0],
  paint: Paint,
): string[] {
  const line = shownLine(text, span, hidden);
  if (line === undefined || line.text.trim() === "") return [];
  const number = String(span.start.line);
  const gutter = paint("dim", `${number.padStart(5)} │ `);
  const empty = paint("dim", `${" ".repeat(5)} │ `);
  return [
    gutter + line.text,
    `${empty}${" ".repeat(line.from)}${paint(style, underline.repeat(line.to - line.from))}`,
  ];
}

/** What stands at the place of a password is not to be seen, wherever it comes from; nor what a mistaken name gives to `auth`. */
function hidden({ pointer }: Place): Hidden {
  const path = pointer === undefined ? [] : segments(pointer);
  return { marked: path.at(-1) === "password", values: path.includes("auth") };
}
