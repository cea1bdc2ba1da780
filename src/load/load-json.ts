/** A config that is a JSON document. */
import { readFileSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.ts";
import { ok, type Result } from "../core/result.ts";
import { countNames } from "./json-names.ts";
import { type JsonProblem, maximumDepth, parseJsonText } from "./json-text.ts";
import type { Loaded } from "./load.ts";
import { jsonOrigins } from "./origins/json-origins.ts";
import { displayPath, fileSpan, spanBetween } from "./place.ts";
import { schemaProblems } from "./schema-check.ts";

/** `entry` is absolute. Positions cost time, so they are made only where something is wrong. */
export async function loadJson(entry: string, cwd: string): Promise<Result<Loaded>> {
  const file = displayPath(entry, cwd);
  const bytes = readFileSync(entry);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return {
      diagnostics: [
        {
          code: "CREW1015",
          severity: "error",
          span: fileSpan(file),
          message: `'${file}' is not UTF-8.`,
          help: "Save the file as UTF-8.",
        },
      ],
    };
  }
  const value = quickly(text);
  if (value === undefined) {
    const { problems } = parseJsonText(text);
    return { diagnostics: problems.map((p) => diagnosticOf(p, file, text)) };
  }
  const origins = jsonOrigins(file, text);
  return ok({
    file,
    value: value.json,
    format: "json",
    origins,
    files: [entry],
    checkSchema: () => schemaProblems(value.json),
  });
}

/** The value where the text is JSON without repeated names. */
function quickly(text: string): { readonly json: unknown } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
  const names = countProperties(json, 1);
  return names === countNames(text) ? { json } : undefined;
}

/** Properties in a value; NaN where it is nested too deep. */
function countProperties(value: unknown, depth: number): number {
  if (value === null || typeof value !== "object") return 0;
  if (depth > maximumDepth) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) for (const entry of value) count += countProperties(entry, depth + 1);
  // Makes no list of the values; what JSON.parse gives inherits no property that would be seen here.
  else for (const name in value) count += 1 + countProperties(value[name as keyof object], depth + 1);
  return count;
}

function diagnosticOf(problem: JsonProblem, file: string, text: string): Diagnostic {
  const span = spanBetween(file, text, problem.start, problem.end);
  const common = {
    severity: "error",
    span,
    message: `${problem.message}.`,
    ...(problem.help === undefined ? {} : { help: problem.help }),
  } as const;
  switch (problem.kind) {
    case "syntax":
      return { code: "CREW1016", ...common };
    case "depth":
      return { code: "CREW1011", ...common };
    case "duplicate":
      return {
        code: "CREW1017",
        ...common,
        why: "Programs disagree on which of them counts.",
        help: "Remove one of them.",
        related:
          problem.first === undefined
            ? []
            : [
                {
                  span: spanBetween(file, text, problem.first.start, problem.first.end),
                  label: "first here",
                },
              ],
      };
  }
}
