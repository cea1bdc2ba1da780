/** What esbuild says of a config, as diagnostics. */
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Span } from "../core/span.ts";
import { virtualName } from "./esbuild-plugins.ts";
import { syntaxHint } from "./hints.ts";
import { displayPath, fileSpan } from "./place.ts";

export function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);
}

/** Diagnostics for what esbuild complains of: CREW1005 for syntax, CREW1006 for imports. */
export function problems(failure: BuildFailure, entry: string, cwd: string): Diagnostic[] {
  return failure.errors.map((message) => {
    const unresolved = /^Could not resolve "(.*)"$/.exec(message.text)?.[1];
    const noExport = /^No matching export in "(.*)" for import "(.*)"$/.exec(message.text);
    const span = message.location === null ? fileSpan(displayPath(entry, cwd)) : spanOf(message, cwd);
    if (unresolved !== undefined)
      return {
        code: "CREW1006",
        severity: "error",
        span,
        message: `The import '${unresolved}' cannot be found.`,
        help: /^[./]/.test(unresolved)
          ? "Check the path; it counts from the folder of the importing file."
          : `Install the package ('npm install ${unresolved
              .split("/")
              .slice(0, unresolved.startsWith("@") ? 2 : 1)
              .join("/")}'), or write './${unresolved}' for a file of your own.`,
      };
    if (noExport !== null)
      return {
        code: "CREW1006",
        severity: "error",
        span,
        message: `'${noExport[1]?.startsWith(virtualName) ? "crew" : noExport[1]}' exports no '${noExport[2]}'.`,
      };
    const { lineText = "" } = message.location ?? {};
    const help = syntaxHint(message.text, lineText, span.start.column - 1);
    return {
      code: "CREW1005",
      severity: "error",
      span,
      message: `The config cannot be read: ${message.text.replace(/\.$/, "")}.`,
      ...(help === undefined ? {} : { help }),
    };
  });
}

/** CREW1017 for each property that an object literal gives twice. */
export function duplicates(warnings: readonly Message[], cwd: string): Diagnostic[] {
  return warnings.flatMap((message): Diagnostic[] => {
    const name = /^Duplicate key (".*") in object literal$/.exec(message.text)?.[1];
    if (name === undefined || message.location === null) return [];
    const firsts = message.notes.filter((note) => note.location !== null);
    return [
      {
        code: "CREW1017",
        severity: "error",
        span: spanOf(message, cwd),
        related: firsts.map((note) => ({ span: spanOf(note, cwd), label: "first here" })),
        message: `The property ${name} is given twice in one object.`,
        why: "JavaScript takes the last one and forgets the others without a word.",
        help: "Remove one of them.",
      },
    ];
  });
}

/** esbuild counts columns in bytes of UTF-8, from 0. */
function spanOf({ location }: Pick<Message, "location">, cwd: string): Span {
  const { file, line, column, length, lineText } = location ?? {
    file: "",
    line: 1,
    column: 0,
    length: 0,
    lineText: "",
  };
  const bytes = Buffer.from(lineText);
  const from = bytes.subarray(0, column).toString().length;
  const to = bytes.subarray(0, column + length).toString().length;
  const path = resolve(cwd, file);
  let lineStart = 0;
  try {
    const text = readFileSync(path, "utf8");
    for (let i = 1; i < line; i++) lineStart = text.indexOf("\n", lineStart) + 1;
  } catch {
    lineStart = 0;
  }
  const shown = displayPath(relative(cwd, path).startsWith("..") ? path : relative(cwd, path), cwd);
  return {
    file: shown,
    start: { line, column: from + 1, offset: lineStart + from },
    end: { line, column: to + 1, offset: lineStart + to },
  };
}
