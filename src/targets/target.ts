/** The contract of a target: one folder each, one line in `registry.ts`. */
import type { Diagnostic } from "../core/diagnostic.ts";
import type { JsonPointer } from "../core/pointer.ts";
import type { Result } from "../core/result.ts";
import type { Model } from "../model/model.ts";

/** What putting a changed artifact in place does to calls. */
export type ReloadClass =
  /** Loaded into the running process; nothing notices. */
  | "live"
  /** Replaced in one step by the kernel. */
  | "atomic"
  /** A new process beside the old one; calls go on. */
  | "swap"
  /** A process stops and starts; media or registrations are interrupted. */
  | "restart"
  /** A person must do it. */
  | "manual";

export interface Artifact {
  /** Relative to the output folder, with `/`. */
  readonly path: string;
  /** File mode bits: 0o644, or 0o600 where the content must not be read by others. */
  readonly mode: number;
  /** Ends in a newline. */
  readonly text: string;
  /** For each line (index 0 is line 1) the config property that it comes from, where it comes from one. */
  readonly lines: ReadonlyArray<JsonPointer | undefined>;
  readonly reload: ReloadClass;
}

/** A capability that a config may need: served, or not, and why not. */
export type Capability =
  | { readonly supported: true }
  | { readonly supported: false; readonly reason: string };

export interface Target<Doc> {
  readonly id: string;
  /** One sentence for the generated table. */
  readonly summary: string;
  /** The target's values, tables and switches; no config syntax in strings, every node knows its property. */
  lower(model: Model): Result<Doc>;
  /** Prints the doc. Deterministic; throws only on bugs. */
  emit(doc: Doc): readonly Artifact[];
}

/** A target with its Doc type hidden: what the registry holds and the bundle calls. */
export interface AnyTarget {
  readonly id: string;
  readonly summary: string;
  build(model: Model): {
    readonly artifacts: readonly Artifact[];
    readonly diagnostics: readonly Diagnostic[];
  };
}

export function erase<Doc>(target: Target<Doc>): AnyTarget {
  return {
    id: target.id,
    summary: target.summary,
    build(model) {
      const lowered = target.lower(model);
      const artifacts = lowered.value === undefined ? [] : target.emit(lowered.value);
      return { artifacts, diagnostics: lowered.diagnostics };
    },
  };
}
