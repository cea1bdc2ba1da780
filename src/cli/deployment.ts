/** What the verbs that touch a deployed edge share: options, confirmation, outcome. */
import { createInterface } from "node:readline/promises";
import { Option } from "commander";
import type { DeployOutcome, DeployReport } from "../deploy/deploy.ts";
import { stateFolder } from "../deploy/state/paths.ts";
import { type Summary, summaryText } from "../deploy/summary.ts";
import { type ExitCode, exitCodes } from "./exit.ts";
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

/** Shows the summary and asks; off a terminal only `--yes` consents. */
export function confirmation(
  options: Options & GlobalOptions,
  io: Io,
): (summary: Summary) => Promise<"yes" | "no" | "unconfirmed"> {
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
