/** `crew deploy`: starts an edge on this host, or swaps it under live calls. */
import { type Command, Option } from "commander";
import type { Bundle } from "../../bundle/bundle.ts";
import { lineMapOf } from "../../bundle/line-map.ts";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { type DeployReport, deploy } from "../../deploy/deploy.ts";
import { openEdge } from "../../deploy/edge.ts";
import { bindSecrets, readSecrets } from "../../deploy/secrets.ts";
import { summaryText } from "../../deploy/summary.ts";
import { type EngineRuntime, findEngine } from "../../host/runtime.ts";
import { verifyBundle } from "../../verify/verify.ts";
import { confirmation, exitCodeOf, reportText, stateOf, stateOption, yesOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import { configArgument, engineOf, engineOption } from "../options.ts";
import { compile } from "../pipeline.ts";
import type { Io, Verb, VerbResult } from "../verb.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Builds, verifies and stages a new generation, starts it beside the running one, proves it with a call through the " +
          "public listener to a built-in echo, and commits; goes back by itself where anything fails. An unchanged config " +
          "changes nothing. Calls in progress go on. Where root deploys, Kamailio and rtpengine run as a user without rights.",
      )
      .addArgument(configArgument())
      .addOption(yesOption())
      .addOption(stateOption())
      .addOption(new Option("--secrets <file>", "NAME=value lines, before the environment"))
      .addOption(engineOption())
      .addHelpText(
        "after",
        "\nExamples:\n  $ crew deploy\n  $ crew deploy edge/crew.config.ts --secrets /etc/crew/secrets --yes",
      );
  },

  async run([config], options, io) {
    const { bundle, diagnostics: said, loaded } = await compile(config, io, { engine: engineOf(options) });
    const source = loaded === undefined ? {} : { origins: loaded.origins };
    const stop = (result: VerbResult): VerbResult => ({
      ...result,
      diagnostics: [...said, ...result.diagnostics],
      ...source,
    });
    if (bundle === undefined || loaded === undefined)
      return stop({ exitCode: exitCodes.configWrong, diagnostics: [] });
    const { model } = bundle;
    const lookup = await secretLookup(options.secrets, io);
    if (lookup.value === undefined)
      return stop({ exitCode: exitCodes.configWrong, diagnostics: lookup.diagnostics });
    const secrets = bindSecrets(model, loaded.value, lookup.value);
    if (secrets.value === undefined)
      return stop({
        exitCode: exitCodes.configWrong,
        diagnostics: [...lookup.diagnostics, ...secrets.diagnostics],
      });
    const engine = await findEngine(model.edge.engine, io.env);
    const runtime = engine.value;
    if (runtime === undefined)
      return stop({ exitCode: exitCodes.verifyFailed, diagnostics: engine.diagnostics });
    const report = await deploy({
      edge: openEdge(stateOf(model.edge.name, options, io), runtime),
      runtime,
      bundle,
      secrets: secrets.value,
      verify: verifyInstalled(bundle, runtime, io),
      confirm: confirmation(summaryText, options, io),
      say: (line) => void io.stderr.write(`${line}\n`),
      signal: io.signal,
    });
    return stop(answer(report, [...lookup.diagnostics, ...engine.diagnostics]));
  },
} satisfies Verb;

/** Boots a bundle on disk where nothing gets out. */
export function verifyInstalled(bundle: Bundle, runtime: EngineRuntime, io: Pick<Io, "signal">) {
  const { model, artifacts } = bundle;
  const lineMap = lineMapOf(artifacts);
  return async (directory: string): Promise<readonly Diagnostic[]> =>
    (
      await verifyBundle({
        directory,
        model,
        lineMap,
        runtime,
        level: "boot",
        onEdge: true,
        signal: io.signal,
      })
    ).diagnostics;
}

async function secretLookup(file: unknown, io: Io) {
  const fromFile = typeof file === "string" ? await readSecrets(file) : { value: new Map<string, string>() };
  const { value } = fromFile;
  const diagnostics = "diagnostics" in fromFile ? fromFile.diagnostics : [];
  if (value === undefined) return { diagnostics };
  return { value: (name: string) => value.get(name) ?? io.env[name], diagnostics };
}

function answer(report: DeployReport, before: VerbResult["diagnostics"]): VerbResult {
  const { diagnostics, ...data } = report;
  return {
    exitCode: exitCodeOf(report.outcome),
    diagnostics: [...before, ...diagnostics],
    data,
    text: reportText(report),
  };
}
