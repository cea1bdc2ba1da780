/** The contract of a verb: one file in `verbs/`, loaded only when it is called. */
import type { Command } from "commander";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Origins } from "../core/origins.ts";
import type { ExitCode } from "./exit.ts";

export type { Origins } from "../core/origins.ts";

/** What a verb may touch of the outside; tests pass their own. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The answer. */
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Everything else: progress, warnings, prompts, logs. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Aborted on SIGINT. */
  readonly signal: AbortSignal;
}

/** Options that every verb has. */
export interface GlobalOptions {
  readonly output: "text" | "json" | "github" | "sarif";
  readonly color: boolean;
  readonly verbose: boolean;
}

/** What a verb answers; the reporter of the chosen output prints it. */
export interface VerbResult {
  readonly exitCode: ExitCode;
  readonly diagnostics: readonly Diagnostic[];
  /** The answer as JSON data: the one document of `--output json`, beside `diagnostics` and `exit_code`. */
  readonly data?: unknown;
  /** The answer as text for `--output text`, complete lines. */
  readonly text?: string;
  /** Source of the config, so that pointers in the diagnostics become spans. */
  readonly origins?: Origins;
}

export interface Verb {
  /** Adds arguments, options and examples to the command. */
  configure(command: Command): void;
  /** Runs with the parsed arguments and options. Expected problems come back as diagnostics. */
  run(
    args: readonly string[],
    options: Readonly<Record<string, unknown>> & GlobalOptions,
    io: Io,
  ): Promise<VerbResult>;
}
