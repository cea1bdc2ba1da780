/** What `crew explain` knows about a code that is no check, as read from the sources. */
export interface DiagnosticPage {
  readonly severity: string;
  /** What it says; `…` stands where a value goes. */
  readonly messages: readonly string[];
  readonly why?: string;
  readonly help: readonly string[];
}
