/** Diagnostics as workflow commands of GitHub Actions, which become annotations of the changed lines. */
import type { Diagnostic, Severity } from "../../core/diagnostic.ts";
import { visible } from "./visible.ts";

const levels: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** One command a line ("Workflow commands for GitHub Actions", docs.github.com). */
export function renderGithub(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((d) => `::${levels[d.severity]} ${properties(d)}::${data(d)}\n`).join("");
}

function properties({ span, code }: Diagnostic): string {
  const place: readonly (readonly [string, string | number])[] =
    span === undefined
      ? []
      : [
          ["file", span.file],
          ["line", span.start.line],
          ["endLine", span.end.line],
          // A column range is taken only where it stays on one line.
          ...(span.start.line === span.end.line
            ? [["col", span.start.column] as const, ["endColumn", span.end.column] as const]
            : []),
        ];
  return [...place, ["title", code] as const]
    .map(([name, value]) => `${name}=${property(String(value))}`)
    .join(",");
}

function data({ message, why, help }: Diagnostic): string {
  const text = [message, why, help].filter((t) => t !== undefined).map((t) => visible(t, "keep"));
  return escapeData(text.join("\n"));
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escapeData(visible(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
