/** `crew init`: writes a commented config to start from. */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { makeFolder, refusal } from "../../bundle/folder.ts";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { packageRoot } from "../../core/package.ts";
import { displayPath } from "../../load/place.ts";
import { exitCodes } from "../exit.ts";
import type { Verb } from "../verb.ts";

const fileName = "crew.config.ts";

export const verb = {
  configure(command: Command): void {
    command
      .argument("[folder]", "where to write it", ".")
      .addHelpText("after", "\nExamples:\n  $ crew init\n  $ crew init edge");
  },

  async run([folder = "."], _options, io) {
    const place = join(resolve(io.cwd, folder), fileName);
    const shown = displayPath(join(folder, fileName), io.cwd);
    const unwritable = folderProblem(dirname(place), folder);
    if (unwritable !== undefined) return { exitCode: exitCodes.usage, diagnostics: [unwritable] };
    if (!writeNew(place, readFileSync(join(packageRoot(), "templates", "init", `${fileName}.txt`), "utf8"))) {
      return {
        exitCode: exitCodes.usage,
        diagnostics: [
          {
            code: "CREW1305",
            severity: "error",
            message: `There is already a ${shown}.`,
            help: "Name another folder, as in 'crew init edge', or edit the config that is there.",
          },
        ],
      };
    }
    const hints = projectHints(dirname(place));
    const steps = [
      `Wrote ${shown}.`,
      ...hints,
      "",
      `Next: npx crew check ${shown}, then npx crew build ${shown}.`,
    ];
    return {
      exitCode: exitCodes.done,
      diagnostics: [],
      data: { config: shown, hints },
      text: `${steps.join("\n")}\n`,
    };
  },
} satisfies Verb;

function folderProblem(folder: string, shown: string): Diagnostic | undefined {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    const reason = refusal(error);
    if (reason === undefined) throw error;
    return {
      code: "CREW1307",
      severity: "error",
      message: `The folder ${shown} cannot be written: ${reason}.`,
      help: "Name another folder, as in 'crew init edge'.",
    };
  }
}

/** Creates the file; false where there is one, whoever made it and whenever. */
function writeNew(place: string, text: string): boolean {
  try {
    writeFileSync(place, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** What is missing for the editor to check the config. */
function projectHints(folder: string): readonly string[] {
  const hints: string[] = [];
  if (
    nearest(folder, "node_modules/crew/package.json") === undefined &&
    nearest(folder, "package.json") !== undefined
  )
    hints.push("For types in the editor, install crew into the project: npm install --save-dev crew");
  if (nearest(folder, "package.json") === undefined)
    hints.push("For types in the editor, make a project here: npm init -y && npm install --save-dev crew");
  if (nearest(folder, "tsconfig.json") === undefined)
    hints.push(
      'A tsconfig.json with "module": "nodenext" and "strict": true, and "type": "module" in package.json, let tsc check the config too.',
    );
  return hints;
}

function nearest(folder: string, name: string): string | undefined {
  const place = join(folder, name);
  if (existsSync(place)) return place;
  return dirname(folder) === folder ? undefined : nearest(dirname(folder), name);
}
