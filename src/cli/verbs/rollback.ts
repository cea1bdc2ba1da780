/** `crew rollback`: deploys the bundle and the secrets of an earlier generation again. */
import { join } from "node:path";
import type { Command } from "commander";
import { readBundle } from "../../bundle/read.ts";
import { deploy } from "../../deploy/deploy.ts";
import { openEdge } from "../../deploy/edge.ts";
import { problems } from "../../deploy/problems.ts";
import { readJson } from "../../deploy/state/files.ts";
import { type PrivateFacts, readFacts } from "../../deploy/state/generations.ts";
import { generationPaths } from "../../deploy/state/paths.ts";
import { rollbackTarget } from "../../deploy/status.ts";
import { summaryText } from "../../deploy/summary.ts";
import { findEngine } from "../../host/runtime.ts";
import { confirmation, deployedEdge, exitCodeOf, reportText, stateOption, yesOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import type { Verb } from "../verb.ts";
import { verifyInstalled } from "./deploy.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Deploys an earlier generation again, with its bundle and its secrets, as a new generation: by default the newest that " +
          "carried calls before the current one. Proof and automatic return are those of crew deploy.",
      )
      .argument("[generation]", "its number, see crew generations")
      .addOption(yesOption())
      .addOption(stateOption())
      .addHelpText("after", "\nExamples:\n  $ crew rollback\n  $ crew rollback 3 --yes");
  },

  async run([wanted], options, io) {
    if (wanted !== undefined && !/^[1-9]\d{0,8}$/.test(wanted))
      return { exitCode: exitCodes.usage, diagnostics: [problems.noSuchNumber(wanted)] };
    const found = await deployedEdge(undefined, options, io);
    if (found.value === undefined) return { exitCode: exitCodes.configWrong, diagnostics: found.diagnostics };
    const { paths } = found.value;
    const number = wanted === undefined ? undefined : Number(wanted);
    const { generation, ran, current } = await rollbackTarget(found.value, number);
    if (generation === undefined)
      return { exitCode: exitCodes.configWrong, diagnostics: [problems.noGeneration(number, ran, current)] };
    const place = generationPaths(paths, generation);
    const bundle = readBundle(place.bundle);
    const facts = await readFacts(paths, generation);
    const kept = await readJson<PrivateFacts>(join(place.private, "facts.json"));
    if (bundle.value === undefined || facts === undefined || kept === undefined)
      return {
        exitCode: exitCodes.configWrong,
        diagnostics: [...bundle.diagnostics, problems.badBundle(place.root)],
      };
    const engine = await findEngine(bundle.value.model.edge.engine, io.env);
    const runtime = engine.value;
    if (runtime === undefined) return { exitCode: exitCodes.verifyFailed, diagnostics: engine.diagnostics };
    const report = await deploy({
      edge: openEdge(paths.root, runtime),
      runtime,
      bundle: bundle.value,
      secrets: { digests: kept.digests, passwords: kept.passwords, fingerprint: facts.secrets },
      rollbackTo: generation,
      verify: verifyInstalled(bundle.value, runtime, io),
      confirm: confirmation(summaryText, options, io),
      say: (line) => void io.stderr.write(`${line}\n`),
      signal: io.signal,
    });
    const { diagnostics, ...data } = report;
    return {
      exitCode: exitCodeOf(report.outcome),
      diagnostics: [...engine.diagnostics, ...diagnostics],
      data,
      text: reportText(report),
    };
  },
} satisfies Verb;
