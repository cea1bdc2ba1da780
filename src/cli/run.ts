/** One run of the command line, from arguments to exit code: the one place where results and exceptions become codes. */
import { CommanderError } from "commander";
import { suggest } from "../core/suggest.ts";
import { type ExitCode, exitCodes } from "./exit.ts";
import { internalError, usageProblem } from "./failures.ts";
import { attachVerb, createProgram, type Invocation } from "./program.ts";
import { report } from "./report.ts";
import type { GlobalOptions, Io, VerbResult } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** Runs `crew` with its arguments (without node and script) and gives the exit code; everything is written by then. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const guessed = guessGlobals(argv);
  try {
    const outcome = await parse(argv, io);
    if (typeof outcome === "number") return outcome;
    if ("usage" in outcome) {
      return await answer(
        outcome.verb,
        { exitCode: exitCodes.usage, diagnostics: [outcome.usage] },
        guessed,
        io,
      );
    }
    const { invocation, verb } = outcome;
    const loaded = await verb.entry.load();
    const result = await loaded.verb.run(invocation.args, invocation.options, io);
    const exitCode = io.signal.aborted ? interruptedCode(result.exitCode) : result.exitCode;
    return await answer(verb.entry.name, { ...result, exitCode }, invocation.options, io);
  } catch (error) {
    if (io.signal.aborted) return exitCodes.interrupted;
    const diagnostic = internalError(error, guessed.verbose);
    return await answer(
      undefined,
      { exitCode: exitCodes.internalError, diagnostics: [diagnostic] },
      guessed,
      io,
    );
  }
}

/** What an interrupted verb still achieved counts more than that it was interrupted. */
function interruptedCode(code: ExitCode): ExitCode {
  const telling: readonly ExitCode[] = [exitCodes.done, exitCodes.rolledBack, exitCodes.notRolledBack];
  return telling.includes(code) ? code : exitCodes.interrupted;
}

type Outcome =
  | ExitCode
  | { readonly verb: string | undefined; readonly usage: VerbResult["diagnostics"][number] }
  | { readonly invocation: Invocation; readonly verb: { readonly entry: (typeof verbs)[number] } };

async function parse(argv: readonly string[], io: Io): Promise<Outcome> {
  const complaints: string[] = [];
  const program = createProgram({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => complaints.push(text),
    width: Math.min(110, (io.stdout as { readonly columns?: number }).columns ?? 100),
  });
  const name = verbName(argv);
  if (name === undefined && !argv.some((a) => ["-h", "--help", "-v", "--version", "help"].includes(a))) {
    return {
      verb: undefined,
      usage: usageProblem("No verb is given.", `Verbs: ${names()}. See 'crew --help'.`),
    };
  }
  const entry = verbs.find((v) => v.name === name);
  if (name !== undefined && entry === undefined) {
    const near = suggest(name, verbs.map((v) => v.name)); // biome-ignore format: one thought
    const help =
      near === undefined ? `Verbs: ${names()}. See 'crew --help'.` : `Did you mean 'crew ${near}'?`;
    return { verb: undefined, usage: usageProblem(`There is no verb '${name}'.`, help) };
  }
  let invocation: Invocation | undefined;
  if (entry !== undefined) {
    const { verb } = await entry.load();
    attachVerb(program, entry.name, verb, (asked) => {
      invocation = asked;
    });
  }
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.done;
    return { verb: entry?.name, usage: complaint(error, complaints, entry?.name) };
  }
  if (invocation === undefined || entry === undefined) return exitCodes.done;
  return { invocation, verb: { entry } };
}

/** The verb is the first word that is no option; `help build` means that of `build`. */
function verbName(argv: readonly string[]): string | undefined {
  const words: string[] = [];
  for (const [i, argument] of argv.entries()) {
    if (argument.startsWith("-") || argv[i - 1] === "--output") continue;
    words.push(argument);
  }
  return words[0] === "help" ? words[1] : words[0];
}

function names(): string {
  return verbs.map((v) => v.name).join(", ");
}

function complaint(error: CommanderError, complaints: readonly string[], verb: string | undefined) {
  const [first = error.message, ...rest] = (complaints.join("").trim() || error.message).split("\n");
  const message = first.replace(/^error: /, "");
  const sentence = `${message[0]?.toUpperCase() ?? ""}${message.slice(1)}${message.endsWith(".") ? "" : "."}`;
  const near = rest.join(" ").replace(/^\((.*)\)$/, "$1 ");
  return usageProblem(sentence, `${near}See 'crew ${verb === undefined ? "" : `${verb} `}--help'.`);
}

/** Global options as far as they can be told from arguments that may be wrong, so that even a usage error is one JSON document. */
function guessGlobals(argv: readonly string[]): GlobalOptions {
  const at = argv.indexOf("--output");
  const output =
    at >= 0 ? argv[at + 1] : argv.find((a) => a.startsWith("--output="))?.slice("--output=".length);
  const known = (["json", "github", "sarif"] as const).find((format) => format === output);
  return {
    output: known ?? "text",
    color: !argv.includes("--no-color"),
    verbose: argv.includes("--verbose"),
  };
}

async function answer(
  verb: string | undefined,
  result: VerbResult,
  options: GlobalOptions,
  io: Io,
): Promise<ExitCode> {
  await report(verb, result, options, io);
  return result.exitCode;
}
