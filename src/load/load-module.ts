/** A config that is a TypeScript or JavaScript module. */

import { realpathSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Origins } from "../core/origins.ts";
import type { JsonPointer } from "../core/pointer.ts";
import { failed, ok, type Result } from "../core/result.ts";
import * as dsl from "../dsl/index.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import { thrownHint } from "./hints.ts";
import type { Loaded } from "./load.ts";
import { moduleOrigins } from "./origins/module-origins.ts";
import { displayPath, fileSpan } from "./place.ts";
import type { PlainProblem } from "./plain.ts";
import { thrownAt } from "./stack.ts";
import { type ConfigScript, transpile } from "./transpile.ts";

/** `path` and `folder` are absolute; `limit` in milliseconds. */
export async function loadModule(path: string, folder: string, limit: number): Promise<Result<Loaded>> {
  // esbuild names files by what symbolic links lead to, so everything here does.
  const [entry, cwd] = [realpathSync(path), realpathSync(folder)];
  const { value: script, diagnostics } = await transpile(entry, cwd, dsl);
  if (script === undefined) return { diagnostics };
  const evaluation = await evaluate(script, entry, dsl, limit);
  if (evaluation.type !== "value")
    return failed(...diagnostics, await failure(evaluation, script, entry, cwd, limit));
  const { value, problems, unset } = evaluation.plain;
  const origins = moduleOrigins({ entry, cwd, value, files: script.files, imports: script.imports });
  if (problems.length > 0)
    return failed(
      ...diagnostics,
      ...(await Promise.all(problems.map((p) => located(p, origins, entry, cwd)))),
    );
  const file = displayPath(entry, cwd);
  return ok({ file, value, format: "ts", origins, files: script.files, checkSchema: async () => [] }, [
    ...diagnostics,
    ...[...unset].map(([name, pointer]) => leftOut(name, pointer)),
  ]);
}

/** Mostly it is meant, for `a: b ? c : undefined` is how an optional property is written. */
function leftOut(name: string, pointer: JsonPointer): Diagnostic {
  return {
    code: "CREW1019",
    severity: "info",
    pointer,
    message: `'${name}' is undefined, as if it were not there.`,
    help: "If that is not meant, look where its value comes from; a variable of the environment may not be set.",
  };
}

async function located(
  problem: PlainProblem,
  origins: Origins,
  entry: string,
  cwd: string,
): Promise<Diagnostic> {
  const { pointer, ...rest } = problem;
  const span = (await origins.locate(pointer)) ?? fileSpan(displayPath(entry, cwd));
  return { severity: "error", ...rest, pointer, span };
}

async function failure(
  evaluation: Exclude<Evaluation, { type: "value" }>,
  script: ConfigScript,
  entry: string,
  cwd: string,
  limit: number,
): Promise<Diagnostic> {
  const start = fileSpan(displayPath(entry, cwd));
  switch (evaluation.type) {
    case "no_default": {
      const [name] = evaluation.exports;
      return {
        code: "CREW1008",
        severity: "error",
        span: start,
        message: "The config has no default export.",
        help: `Write 'export default defineEdge({ … })'${name === undefined ? "" : `, or 'export default ${name}' where '${name}' is the config`}.`,
      };
    }
    case "threw": {
      const { error } = evaluation;
      const span = thrownAt(error instanceof Error ? error.stack : undefined, script, entry, cwd);
      return {
        code: "CREW1007",
        severity: "error",
        span,
        message: `The config fails while it runs: ${describe(error)}.`,
        help: thrownHint(error, Object.keys(dsl)),
      };
    }
    case "exited":
      return {
        code: "CREW1014",
        severity: "error",
        span: thrownAt(evaluation.stack, script, entry, cwd),
        message: "The config ends the process.",
        help: "Remove process.exit(); throw an error where the config cannot go on.",
      };
    case "timeout":
      return {
        code: "CREW1013",
        severity: "error",
        span: start,
        message: `The config ran for more than ${limit / 1000} s and was stopped.`,
        why: "A config is run on every build, so it should only put values together.",
        help: "Look for a loop without end, or for an 'await' on something that never comes.",
      };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error).slice(0, 200)}`;
  const message = error.message
    // Node quotes what a method is missing of, which may be a secret.
    .replace(/^(["'`]).*\1(?=[.[(])/, '"…"')
    // As esbuild writes what is imported.
    .replace(/\(0 , import_\w+\.(\w+)\)|\bimport_\w+\.(\w+)/g, "$1$2");
  const text = error.name === "Error" ? message : `${error.name}: ${message}`;
  return (text.split("\n")[0] ?? "").slice(0, 500).replace(/\.$/, "");
}
