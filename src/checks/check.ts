/** The contract of a check: one file each; the samples are its test, the text is its page in the docs. */
import type { Diagnostic, DiagnosticCode, Severity } from "../core/diagnostic.ts";
import type { Model } from "../model/model.ts";

/** What a check reports; code and severity come from the check itself. */
export type Finding = Omit<Diagnostic, "code" | "severity" | "why"> & { readonly severity?: Severity };

export interface Check {
  readonly code: DiagnosticCode;
  /** `no<Concept>` or `use<Concept>`. */
  readonly name: string;
  readonly severity: Severity;
  /** One sentence: what it finds. */
  readonly summary: string;
  /** Why it matters, for somebody who does not know SIP. */
  readonly why: string;
  /** A config (JSON or the body of crew.config.ts) that gives exactly this code, once. */
  readonly bad: string;
  /** The same config put right: gives nothing. */
  readonly good: string;
  /**
   * Set where a finding holds too when other parts of the config could not be read, since it comes from what is there, not from what is
   * missing: beside "any" fault, or unless one is in the "network" section.
   */
  readonly beside?: "any" | "network";
  run(model: Model, report: (finding: Finding) => void): void;
}
