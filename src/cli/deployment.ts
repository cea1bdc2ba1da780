/** What the verbs that touch a deployed edge share: options, confirmation, outcome. */
import { createInterface } from "node:readline/promises";
import { Option } from "commander";
import { hasErrors } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { DeployOutcome, DeployReport } from "../deploy/deploy.ts";
import { type Edge, reopenEdge } from "../deploy/edge.ts";
import { deployedEdges } from "../deploy/find.ts";
import { problems } from "../deploy/problems.ts";
import { stateFolder } from "../deploy/state/paths.ts";
import type { Consent } from "../deploy/summary.ts";
import { type ExitCode, exitCodes } from "./exit.ts";
import { compile } from "./pipeline.ts";
import type { GlobalOptions, Io } from "./verb.ts";

type Options = Readonly<Record<string, unknown>>;

/** `--state FOLDER`. */
export function stateOption(): Option {
  return new Option(
    "--state <folder>",
    "where generations and keys live (default: /var/lib/crew/<edge> for root, else $XDG_STATE_HOME/crew/<edge>)",
  );
}

/** `--yes`. */
export function yesOption(): Option {
  return new Option("--yes", "do not ask; needed off a terminal").default(false);
}

/** The state folder of an edge. */
export function stateOf(edge: string, options: Options, io: Io): string {
  const state = typeof options.state === "string" ? options.state : undefined;
  return stateFolder(edge, { state, env: io.env, cwd: io.cwd, uid: process.getuid?.() ?? -1 });
}

/**
 * The deployed edge that a command means: the one of `--state`, of the named config, or the only one of this host; where
 * there are several, the one of the config in the current folder. The config of a running edge may be broken.
 */
export async function deployedEdge(
  config: string | undefined,
  options: Options,
  io: Io,
): Promise<Result<Edge>> {
  const folder = await meantFolder(config, options, io);
  if (folder.value === undefined) return { diagnostics: folder.diagnostics };
  const edge = await reopenEdge(folder.value);
  return edge === undefined ? failed(problems.nothingDeployed(folder.value)) : ok(edge);
}

async function meantFolder(config: string | undefined, options: Options, io: Io): Promise<Result<string>> {
  if (typeof options.state === "string") return ok(stateOf("", options, io));
  const { folder, names } = deployedEdges(io.env, io.cwd, process.getuid?.() ?? -1);
  const [only, ...others] = names;
  if (config === undefined && only !== undefined && others.length === 0)
    return ok(stateOf(only, options, io));
  if (config === undefined && only === undefined) return failed(problems.ambiguousEdge(folder, []));
  const { model, diagnostics } = await compile(config, io);
  if (model !== undefined) return ok(stateOf(model.edge.name, options, io));
  return failed(...diagnostics.filter((d) => hasErrors([d])), problems.ambiguousEdge(folder, names));
}

/** Shows the summary and asks; off a terminal only `--yes` consents. */
export function confirmation<S>(
  summaryText: (summary: S) => string,
  options: Options & GlobalOptions,
  io: Io,
): (summary: S) => Promise<Consent> {
  return async (summary) => {
    io.stderr.write(summaryText(summary));
    if (options.yes === true) return "yes";
    if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) return "unconfirmed";
    const terminal = createInterface({ input: io.stdin, output: io.stderr });
    try {
      const answer = await terminal.question("Go on? [y/N] ", { signal: io.signal });
      return /^y(es)?$/i.test(answer.trim()) ? "yes" : "no";
    } catch {
      return "no";
    } finally {
      terminal.close();
    }
  };
}

export function exitCodeOf(outcome: DeployOutcome): ExitCode {
  switch (outcome) {
    case "unchanged":
    case "deployed":
    case "declined":
      return exitCodes.done;
    case "unconfirmed":
      return exitCodes.usage;
    case "locked":
      return exitCodes.staleOrLocked;
    case "refused":
      return exitCodes.configWrong;
    case "verify_failed":
      return exitCodes.verifyFailed;
    case "rolled_back":
      return exitCodes.rolledBack;
    case "not_rolled_back":
      return exitCodes.notRolledBack;
    case "interrupted":
      return exitCodes.interrupted;
  }
}

/** The outcome as text for stdout; nothing where the diagnostics say it. */
export function reportText({ outcome, generation, proof }: DeployReport): string {
  switch (outcome) {
    case "unchanged":
      return `Nothing to do: generation ${generation} is what the config compiles to.\n`;
    case "deployed":
      return `Generation ${generation} carries the calls. Proof call: answered in ${proof?.answerMs?.toFixed(0)} ms, audio both ways, ${proof?.totalMs?.toFixed(0)} ms in all.\n`;
    case "declined":
      return "Nothing was changed.\n";
    default:
      return "";
  }
}
