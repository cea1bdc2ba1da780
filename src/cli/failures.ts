/** What goes wrong around a verb, as diagnostics: wrong usage, and our own bugs. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { packageVersion } from "../core/package.ts";

/** Wrong usage of the command line; the words come from the argument parser or from a verb. */
export function usageProblem(message: string, help: string): Diagnostic {
  return { code: "CREW1900", severity: "error", message, help };
}

/** An exception that nobody expected: a bug of crew, never the user's fault. */
export function internalError(error: unknown, verbose: boolean): Diagnostic {
  const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error && verbose ? error.stack : undefined;
  return {
    code: "CREW9001",
    severity: "error",
    message: `crew itself failed: ${name}`,
    why: "This is a bug of crew, not of your config.",
    help: [
      `Report it with the config that led to it, crew ${packageVersion()}, Node ${process.versions.node} on ${process.platform}`,
      stack === undefined
        ? ", and the output of the same command with --verbose."
        : ` and this stack:\n${stack}`,
    ].join(""),
  };
}
