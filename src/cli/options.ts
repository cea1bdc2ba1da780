/** Arguments and options that several verbs share. */
import { Argument, InvalidArgumentError, Option } from "commander";
import type { EngineLine } from "../model/model.ts";

const lines: readonly EngineLine[] = ["6.1", "6.0", "5.6"];

/** The config's path; without it the default names are looked for in the current folder. */
export function configArgument(): Argument {
  return new Argument("[config]", "the config (default: crew.config.ts, else crew.config.json)");
}

/** `--engine LINE`. */
export function engineOption(): Option {
  return new Option("--engine <line>", "compile for this engine line instead of the config's").choices(lines);
}

/** The engine line that was asked for; commander has checked it. */
export function engineOf(options: Readonly<Record<string, unknown>>): EngineLine | undefined {
  return lines.find((line) => line === options.engine);
}

/** `--out FOLDER`, the output folder. */
export function outOption(): Option {
  return new Option("--out <folder>", "output folder").default("dist").argParser((folder) => {
    if (folder === "") throw new InvalidArgumentError("Name a folder; '.' is the current one.");
    return folder;
  });
}
