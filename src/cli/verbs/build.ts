/** `crew build`: compiles the config into the output folder, or says with `--check` what is stale there. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Bundle } from "../../bundle/bundle.ts";
import { type Staleness, staleFiles } from "../../bundle/stale.ts";
import { writeBundle } from "../../bundle/write.ts";
import { displayPath } from "../../load/place.ts";
import { exitCodes } from "../exit.ts";
import { configArgument, engineOf, engineOption, outOption } from "../options.ts";
import { compile } from "../pipeline.ts";
import type { Verb, VerbResult } from "../verb.ts";
import { countText } from "../words.ts";

export const verb = {
  configure(command: Command): void {
    command
      .addArgument(configArgument())
      .addOption(outOption())
      .addOption(engineOption())
      .option(
        "--check",
        "write nothing; fail where the output folder is not what the config compiles to",
        false,
      )
      .addHelpText(
        "after",
        "\nExamples:\n  $ crew build\n  $ crew build edge/crew.config.ts --out edge/dist\n  $ crew build --check          in CI: is the committed output current?",
      );
  },

  async run([config], options, io) {
    const { bundle, diagnostics, loaded } = await compile(config, io, { engine: engineOf(options) });
    const source = loaded === undefined ? {} : { origins: loaded.origins };
    if (bundle === undefined) return { exitCode: exitCodes.configWrong, diagnostics, ...source };
    const directory = resolve(io.cwd, String(options.out));
    const shown = displayPath(String(options.out), io.cwd);
    const result =
      options.check === true ? checked(bundle, directory, shown) : built(bundle, directory, shown);
    return { ...result, diagnostics: [...diagnostics, ...result.diagnostics], ...source };
  },
} satisfies Verb;

function built(bundle: Bundle, directory: string, shown: string): VerbResult {
  const result = writeBundle(bundle, directory);
  if ("code" in result) return { exitCode: exitCodes.configWrong, diagnostics: [result] };
  const { written, unchanged, removed } = result;
  const counts = [
    written.length > 0 ? `${countText(written.length, "file")} written` : "nothing to write",
    ...(unchanged.length > 0 ? [`${unchanged.length} unchanged`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  return {
    exitCode: exitCodes.done,
    diagnostics: [],
    data: { out: shown, bundle: bundle.manifest.bundle, written, unchanged, removed },
    text: `Built ${shown} for engine ${bundle.manifest.engine}: ${counts.join(", ")}. Bundle ${bundle.manifest.bundle.slice(0, 12)}.\n`,
  };
}

function checked(bundle: Bundle, directory: string, shown: string): VerbResult {
  const stale = staleFiles(bundle, directory);
  if (stale.length === 0) {
    return {
      exitCode: exitCodes.done,
      diagnostics: [],
      data: { out: shown, bundle: bundle.manifest.bundle, stale },
      text: `${shown} is up to date. Bundle ${bundle.manifest.bundle.slice(0, 12)}.\n`,
    };
  }
  return {
    exitCode: exitCodes.configWrong,
    diagnostics: [
      {
        code: "CREW1304",
        severity: "error",
        message: `${shown} is stale: ${countText(stale.length, "file")} would change.`,
        why: "What is reviewed and deployed must be what the config compiles to.",
        help: "Run 'crew build' and commit the result.",
      },
    ],
    data: { out: shown, bundle: bundle.manifest.bundle, stale },
    text: stale.map(staleText).join(""),
  };
}

function staleText(file: Staleness): string {
  if (file.state !== "changed") return `${file.path}: ${file.state}\n`;
  const lines = [...file.removed.map((l) => `  - ${l}\n`), ...file.added.map((l) => `  + ${l}\n`)];
  const more = file.more > 0 ? `    and ${countText(file.more, "more line")}\n` : "";
  return `${file.path}: changed from line ${file.line}\n${lines.join("")}${more}`;
}
