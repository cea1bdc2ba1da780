/** `crew generations`: what was deployed on this host, and how it fared. */
import type { Command } from "commander";
import { type GenerationReport, generations } from "../../deploy/status.ts";
import { deployedEdge, stateOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import { configArgument } from "../options.ts";
import type { Verb } from "../verb.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description("Lists the generations of an edge, newest first. crew rollback goes back to one of them.")
      .addArgument(configArgument())
      .addOption(stateOption())
      .addHelpText("after", "\nExamples:\n  $ crew generations\n  $ crew generations --output json");
  },

  async run([config], options, io) {
    const edge = await deployedEdge(config, options, io);
    if (edge.value === undefined) return { exitCode: exitCodes.configWrong, diagnostics: edge.diagnostics };
    const all = await generations(edge.value);
    const text = all.length === 0 ? "No generation yet.\n" : all.map(line).join("");
    return { exitCode: exitCodes.done, diagnostics: [], data: { generations: all }, text };
  },
} satisfies Verb;

function line(g: GenerationReport): string {
  const mark = g.current ? "*" : " ";
  const again = g.rollback_to === undefined ? "" : `, generation ${g.rollback_to} again`;
  const reason = g.status?.reason === undefined ? "" : `: ${g.status.reason}`;
  return `${mark} ${String(g.generation).padStart(4)}  ${g.created ?? "?"}  ${(g.bundle ?? "?").slice(0, 12)}  ${g.status?.state ?? "unknown"}${again}${reason}\n`;
}
