/** `crew verify`: lets the real programs read what the config compiles to, and boots it where nothing gets out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { lineMapOf } from "../../bundle/line-map.ts";
import { writeBundle } from "../../bundle/write.ts";
import { hasErrors } from "../../core/diagnostic.ts";
import { findEngine } from "../../host/runtime.ts";
import { type VerifyLevel, type VerifyReport, type VerifyStep, verifyBundle } from "../../verify/verify.ts";
import { exitCodes } from "../exit.ts";
import { configArgument, engineOf, engineOption } from "../options.ts";
import { compile } from "../pipeline.ts";
import type { Io, Verb, VerbResult } from "../verb.ts";

const levels: readonly VerifyLevel[] = ["parse", "boot"];

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Compiles the config and lets the real programs judge it, in namespaces\n" +
          "without a network that end with this command.\n" +
          "parse  kamailio -c, nft -c, rtpengine's own list of options, and checks of\n" +
          "       what kamailio -c wrongly takes\n" +
          "boot   also starts rtpengine and Kamailio, loads the firewall, reads the\n" +
          "       tables back and asks with OPTIONS",
      )
      .addArgument(configArgument())
      .addOption(new Option("--level <level>", "how far to go").choices(levels).default("boot"))
      .addOption(engineOption())
      .addHelpText(
        "after",
        "\nExamples:\n  $ crew verify\n  $ crew verify edge/crew.config.ts --level parse\n  $ crew verify --engine 6.0",
      );
  },

  async run([config], options, io) {
    const { bundle, diagnostics: said, loaded } = await compile(config, io, { engine: engineOf(options) });
    const source = loaded === undefined ? {} : { origins: loaded.origins };
    if (bundle === undefined) return { exitCode: exitCodes.configWrong, diagnostics: said, ...source };
    const engine = await findEngine(bundle.model.edge.engine, io.env);
    const before = [...said, ...engine.diagnostics];
    if (engine.value === undefined)
      return { exitCode: exitCodes.verifyFailed, diagnostics: before, ...source };
    const directory = mkdtempSync(join(tmpdir(), "crew-bundle-"));
    try {
      writeBundle(bundle, directory);
      const result = await verifyBundle({
        directory,
        model: bundle.model,
        lineMap: lineMapOf(bundle.artifacts),
        runtime: engine.value,
        level: options.level === "parse" ? "parse" : "boot",
        signal: io.signal,
        onProgress: progress(io),
      });
      return {
        ...answer(result.value, result.diagnostics, io),
        ...source,
        diagnostics: [...before, ...result.diagnostics],
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
} satisfies Verb;

/** One line for each step while a person watches. */
function progress(io: Io): (step: VerifyStep) => void {
  return (step) => {
    if (io.stderr.isTTY === true) io.stderr.write(`${stepText(step)}\n`);
  };
}

function answer(
  report: VerifyReport | undefined,
  diagnostics: VerbResult["diagnostics"],
  io: Io,
): Pick<VerbResult, "exitCode" | "data" | "text"> {
  if (io.signal.aborted) return { exitCode: exitCodes.interrupted };
  if (report === undefined) return { exitCode: exitCodes.verifyFailed };
  const { level, engine, steps, milliseconds } = report;
  const good = !hasErrors(diagnostics);
  const { kamailio, nftables } = engine.versions;
  const programs = `Kamailio ${kamailio}, rtpengine ${engine.versions["rtpengine-daemon"]}, nftables ${nftables}`;
  const time = `${(milliseconds / 1000).toFixed(1)} s`;
  const lines = [
    good
      ? `Verified (${level}) in ${time} with ${programs}.`
      : `Not verified (${level}) after ${time}, with ${programs}.`,
    ...steps.map((step) => `  ${stepText(step)}`),
  ];
  return {
    exitCode: good ? exitCodes.done : exitCodes.verifyFailed,
    data: report,
    text: `${lines.join("\n")}\n`,
  };
}

function stepText({ name, ok, milliseconds, detail }: VerifyStep): string {
  return `${ok ? "ok    " : "FAILED"}  ${name.padEnd(20)} ${String(milliseconds).padStart(5)} ms${detail ? `  ${detail}` : ""}`;
}
