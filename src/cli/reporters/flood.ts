/** Keeps a flood of diagnostics readable: the first of each code at places of their own, and how many more there are. */
import type { Diagnostic, Severity } from "../../core/diagnostic.ts";

export interface Limits {
  readonly perCode: number;
  readonly inAll: number;
}

export const defaultLimits: Limits = { perCode: 5, inAll: 50 };

export interface Flood {
  readonly shown: readonly Diagnostic[];
  /** What is left out, by code, in order of appearance. */
  readonly more: readonly { readonly code: string; readonly count: number }[];
}

/** Errors get their places before warnings, warnings before infos; the order of what is shown stays. */
export function holdBack(diagnostics: readonly Diagnostic[], limits: Limits): Flood {
  const ranked = diagnostics
    .map((d, i) => ({ d, i }))
    .sort((a, b) => rank[a.d.severity] - rank[b.d.severity] || a.i - b.i);
  const counts = new Map<string, number>();
  const told = new Set<string>();
  const kept = new Set<number>();
  const more = new Map<string, number>();
  for (const { d, i } of ranked) {
    const seen = counts.get(d.code) ?? 0;
    const said = sentences(d);
    if (seen < limits.perCode && kept.size < limits.inAll && !told.has(said[0])) {
      counts.set(d.code, seen + 1);
      for (const sentence of said) told.add(sentence);
      kept.add(i);
    } else more.set(d.code, (more.get(d.code) ?? 0) + 1);
  }
  return {
    shown: diagnostics.filter((_, i) => kept.has(i)),
    more: [...more].map(([code, count]) => ({ code, count })),
  };
}

/**
 * What it says: the same for values that one expression made, of which the same is wrong. Where its place was not looked up
 * it says nothing that another one of its message did not.
 */
function sentences({ code, message, span, pointer }: Diagnostic): readonly [string, ...string[]] {
  const whole = `${code}\n${message}`;
  if (span !== undefined) return [`${whole}\n${span.file} ${span.start.offset}`, whole];
  return pointer === undefined ? [`${whole}\n`] : [whole];
}

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** For example `3 errors, 1 warning`; empty where there is nothing. */
export function summary(diagnostics: readonly Diagnostic[]): string {
  return (["error", "warning", "info"] as const)
    .map((severity) => ({ severity, count: diagnostics.filter((d) => d.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(
      ({ severity, count }) => `${count} ${words[severity]}${count === 1 || severity === "info" ? "" : "s"}`,
    )
    .join(", ");
}

const words: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "info" };
