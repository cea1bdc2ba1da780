/** Reads a config, TypeScript or JSON, into a Draft: the value that it exports, as plain data that nothing has checked yet. */
import { existsSync, type Stats, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Origins } from "../core/origins.ts";
import { failed, type Result } from "../core/result.ts";
import { loadJson } from "./load-json.ts";
import { loadModule } from "./load-module.ts";
import { displayPath } from "./place.ts";

/** A config as it was found; the value is untrusted. */
export interface Loaded {
  /** The entry file as shown to the user. */
  readonly file: string;
  /** The Draft: plain JSON data. */
  readonly value: unknown;
  readonly format: "ts" | "json";
  readonly origins: Origins;
  /** Absolute paths of all files that make up the config, the entry first. */
  readonly files: readonly string[];
  /**
   * CREW1018 for each place where a JSON config does not follow the published schema; nothing for a module. To be asked
   * where the Model found no error: its own diagnostics know more words for the same problems.
   */
  checkSchema(): Promise<readonly Diagnostic[]>;
}

export interface LoadOptions {
  /** Milliseconds that the config module may run. Default: 20,000. */
  readonly timeLimit?: number;
}

/** In this order, in the current folder. */
export const defaultNames = ["crew.config.ts", "crew.config.json"] as const;

/** Larger files are refused (CREW1003); in bytes. */
export const maximumFileSize = 256 * 1024 * 1024;

/** Codes CREW10xx; with a value there are at most warnings and properties that are given twice (CREW1017). */
export async function loadConfig(
  path: string | undefined,
  cwd: string,
  options: LoadOptions = {},
): Promise<Result<Loaded>> {
  const named = path ?? defaultNames.find((name) => existsSync(resolve(cwd, name)));
  if (named === undefined)
    return failed({
      code: "CREW1001",
      severity: "error",
      message: `There is no ${defaultNames.join(" and no ")} in this folder.`,
      help: "Name the config ('crew build path/to/crew.config.ts'), or make one with 'crew init'.",
    });
  const entry = resolve(cwd, named);
  const shown = displayPath(entry, cwd);
  const problem = unreadable(entry, shown);
  if (problem !== undefined) return failed(problem);
  switch (extname(entry)) {
    case ".json":
      return loadJson(entry, cwd);
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return loadModule(entry, cwd, options.timeLimit ?? 20_000);
    default:
      return failed({
        code: "CREW1004",
        severity: "error",
        message: `'${shown}' is neither a TypeScript nor a JSON file.`,
        help: "A config ends in .ts, .mts, .js, .mjs or .json.",
      });
  }
}

function unreadable(entry: string, shown: string): Diagnostic | undefined {
  let stats: Stats;
  try {
    stats = statSync(entry);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR"
      ? {
          code: "CREW1001",
          severity: "error",
          message: `There is no file '${shown}'.`,
          help: "Check the path; it counts from the current folder.",
        }
      : {
          code: "CREW1002",
          severity: "error",
          message: `'${shown}' cannot be read: ${code ?? String(error)}.`,
        };
  }
  if (!stats.isFile())
    return {
      code: "CREW1002",
      severity: "error",
      message: `'${shown}' is ${stats.isDirectory() ? "a folder" : "no regular file"}, not a config.`,
      help: stats.isDirectory()
        ? `Name the file in it, for example '${shown}/crew.config.ts'.`
        : "Name a regular file.",
    };
  if (stats.size > maximumFileSize)
    return {
      code: "CREW1003",
      severity: "error",
      message: `'${shown}' has ${stats.size} bytes; at most ${maximumFileSize} are read.`,
      help: "Split the config over several edges.",
    };
  return undefined;
}
