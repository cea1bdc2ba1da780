/** The document of `--output json`. */
import type { Diagnostic } from "../core/diagnostic.ts";

/** `format_version` 1: new properties may come, none goes or changes its meaning. */
export interface Answer {
  readonly format_version: 1;
  /** Null where the command line names no verb. */
  readonly verb: string | null;
  readonly exit_code: number;
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[];
  /** The answer of the verb; null where it has none. */
  readonly data: unknown;
}
