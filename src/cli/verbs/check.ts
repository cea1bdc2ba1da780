/** `crew check`: everything that is wrong with the config, and nothing written. */
import type { Command } from "commander";
import { hasErrors } from "../../core/diagnostic.ts";
import { exitCodes } from "../exit.ts";
import { configArgument, engineOf, engineOption } from "../options.ts";
import { compile } from "../pipeline.ts";
import type { Verb } from "../verb.ts";
import { countText } from "../words.ts";

export const verb = {
  configure(command: Command): void {
    command
      .addArgument(configArgument())
      .addOption(engineOption())
      .addHelpText(
        "after",
        "\nExamples:\n  $ crew check\n  $ crew check edge/crew.config.ts --output github\n  $ crew check --engine 5.6",
      );
  },

  async run([config], options, io) {
    const compiled = await compile(config, io, { engine: engineOf(options) });
    const { diagnostics, loaded, model } = compiled;
    const failed = hasErrors(diagnostics);
    return {
      exitCode: failed ? exitCodes.configWrong : exitCodes.done,
      diagnostics,
      data: { config: loaded?.file ?? config ?? null, ok: !failed },
      ...(failed || model === undefined ? {} : { text: `${loaded?.file}: no errors, ${summary(model)}.\n` }),
      ...(loaded === undefined ? {} : { origins: loaded.origins }),
    };
  },
} satisfies Verb;

function summary(model: {
  readonly trunks: readonly { readonly routes: readonly unknown[] }[];
  readonly agents: readonly unknown[];
}): string {
  const routes = model.trunks.reduce((sum, trunk) => sum + trunk.routes.length, 0);
  return [
    countText(model.trunks.length, "trunk"),
    countText(routes, "route"),
    countText(model.agents.length, "agent"),
  ].join(", ");
}
