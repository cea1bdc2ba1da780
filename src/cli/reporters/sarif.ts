/** Diagnostics as a SARIF log (OASIS SARIF 2.1.0), for code scanning and editors. */
import type { Diagnostic, Place, Severity } from "../../core/diagnostic.ts";
import { sortedBy } from "../../core/order.ts";
import { visible } from "./visible.ts";

const levels: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

export function renderSarif(diagnostics: readonly Diagnostic[], version: string): string {
  const rules = new Map<string, Diagnostic>();
  for (const d of diagnostics) if (!rules.has(d.code)) rules.set(d.code, d);
  const ids = sortedBy(rules.values(), (d) => d.code);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "crew",
            semanticVersion: version,
            rules: ids.map((d) => ({
              id: d.code,
              defaultConfiguration: { level: levels[d.severity] },
              help: { text: `crew explain ${d.code}` },
              ...(d.why === undefined ? {} : { fullDescription: { text: d.why } }),
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: diagnostics.map((d) =>
          result(
            d,
            ids.findIndex((r) => r.code === d.code),
          ),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function result(d: Diagnostic, ruleIndex: number) {
  const related = (d.related ?? []).flatMap((r) => {
    const at = location(r);
    return at === undefined ? [] : [{ ...at, message: { text: r.label } }];
  });
  const at = location(d);
  return {
    ruleId: d.code,
    ruleIndex,
    level: levels[d.severity],
    message: { text: [d.message, d.help].filter((t) => t !== undefined).join(" ") },
    ...(at === undefined ? {} : { locations: [at] }),
    ...(related.length === 0 ? {} : { relatedLocations: related }),
  };
}

function location({ span, pointer }: Place) {
  if (span === undefined) return undefined;
  const { start, end } = span;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(span.file) },
      region: { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
    },
    ...(pointer === undefined || pointer === ""
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: pointer, kind: "member" }] }),
  };
}

/** A relative reference (RFC 3986): each segment encoded. */
function uriOf(file: string): string {
  const path = visible(file).split("/").map(encodeURIComponent).join("/");
  return file.startsWith("/") ? `file://${path}` : path;
}
