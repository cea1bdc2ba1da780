/** What every arrow of the compiler returns: a value where one could be made, and all that is to be said about it. */
import { type Diagnostic, hasErrors } from "./diagnostic.ts";

export interface Result<T> {
  /** Absent only where there is an error among the diagnostics. */
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

export function ok<T>(value: T, diagnostics: readonly Diagnostic[] = []): Result<T> {
  return { value, diagnostics };
}

export function failed<T>(...diagnostics: readonly Diagnostic[]): Result<T> {
  return { diagnostics };
}

/** Chains two arrows; the second runs only on a value that has no errors, and sees none of the first's warnings lost. */
export function andThen<A, B>(first: Result<A>, next: (value: A) => Result<B>): Result<B> {
  if (first.value === undefined || hasErrors(first.diagnostics)) return { diagnostics: first.diagnostics };
  const second = next(first.value);
  return { ...second, diagnostics: [...first.diagnostics, ...second.diagnostics] };
}
