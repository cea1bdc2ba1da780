/** Everything that crew has to say about a config, an artifact or a host, as data. Wording for people is the reporters' work. */
import type { Part } from "./origins.ts";
import type { JsonPointer } from "./pointer.ts";
import type { Span } from "./span.ts";

export type Severity = "error" | "warning" | "info";

/**
 * `CREW1xxx` loading, `2xxx` model and references, `3xxx` SIP, media and security, `4xxx` what a target or
 * engine cannot do, `5xxx` native tools, `6xxx` deployment, `9xxx` our bugs. A number is never reused.
 */
export type DiagnosticCode = `CREW${1 | 2 | 3 | 4 | 5 | 6 | 9}${string}`;

/** A place that a diagnostic speaks of: in the config (pointer, resolved to a span on demand) or in any file (span). */
export interface Place {
  /** Path in the value that the config exports. */
  readonly pointer?: JsonPointer;
  /** Default `value`. */
  readonly part?: Part;
  /** Known text position; wins over `pointer`. */
  readonly span?: Span;
}

export interface Related extends Place {
  readonly label: string;
}

export interface Fix {
  readonly applicability: "safe" | "unsafe";
  /** What the fix does, in one imperative sentence. */
  readonly title: string;
  /** The new source text of the primary place. */
  readonly replacement?: string;
}

export interface Diagnostic extends Place {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** What is wrong, one sentence, with the offending value quoted where it is no secret. */
  readonly message: string;
  /** Why it matters. */
  readonly why?: string;
  /** What to do. */
  readonly help?: string;
  readonly related?: readonly Related[];
  readonly fix?: Fix;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}
