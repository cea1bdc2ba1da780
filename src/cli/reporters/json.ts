/** Diagnostics and the verb's answer for programs: one JSON document. */
import type { Diagnostic } from "../../core/diagnostic.ts";

export interface JsonAnswer {
  readonly verb: string | null;
  readonly exitCode: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly data: unknown;
}

/** `format_version` 1: new properties may come, none goes or changes its meaning. */
export function renderJson({ verb, exitCode, diagnostics, data }: JsonAnswer): string {
  const document = { format_version: 1, verb, exit_code: exitCode, diagnostics, data: data ?? null };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
