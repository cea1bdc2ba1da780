/** What a verification is asked, and what it answers. */

import type { LineMap } from "../bundle/line-map.ts";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { EngineLine, EngineRevisions } from "../engine/lines.ts";
import type { Programs } from "../host/runtime.ts";
import type { Model } from "../model/model.ts";

export type VerifyLevel = "parse" | "boot";

export interface VerifyOptions {
  /** Folder of the bundle. */
  readonly directory: string;
  readonly model: Model;
  readonly lineMap: LineMap;
  readonly runtime: VerifyRuntime;
  /** `boot` includes `parse`. */
  readonly level: VerifyLevel;
  /** Whether this host is the edge: certificate files that are missing here are missing. Default false. */
  readonly onEdge?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: VerifyStep) => void;
  /** Milliseconds for everything; default 20 000, more for many routes. */
  readonly timeout?: number;
}

/** The part of an engine that a verification uses. */
export interface VerifyRuntime extends Programs {
  readonly line: EngineLine;
  readonly versions: EngineRevisions;
  readonly kamailioModules: string;
}

/** One thing that was done, in the order in which it ended. */
export interface VerifyStep {
  readonly name: VerifyStepName;
  readonly ok: boolean;
  readonly milliseconds: number;
  /** What was found, in a few words: `10 rules`, `3 tables, 214 entries`. */
  readonly detail?: string;
}

export type VerifyStepName =
  | "certificates"
  | "kamailio parse"
  | "kamailio own checks"
  | "nftables parse"
  | "rtpengine options"
  | "addresses"
  | "nftables load"
  | "rtpengine start"
  | "kamailio start"
  | "sockets"
  | "kamailio tables"
  | "kamailio answers";

export interface VerifyReport {
  readonly level: VerifyLevel;
  readonly ok: boolean;
  readonly engine: { readonly line: EngineLine; readonly versions: EngineRevisions };
  readonly steps: readonly VerifyStep[];
  readonly milliseconds: number;
}

/** What a step gives back to the one that runs it. */
export interface StepResult {
  readonly diagnostics: readonly Diagnostic[];
  readonly detail?: string;
}
