/** The command line as commander sees it: global options, help, and the one verb that was asked for. */
import { Command, Option } from "commander";
import { packageVersion } from "../core/package.ts";
import type { GlobalOptions, Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

export interface Streams {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  /** Columns that help may use. */
  readonly width: number;
}

/** What was asked for, once the command line is understood. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>> & GlobalOptions;
}

/** The whole program with names and summaries only: enough for `crew --help`, loads no verb. */
export function createProgram(streams: Streams): Command {
  const program = new Command("crew")
    .description("Telephone trunks as code: compiles crew.config.ts into a SIP edge and runs it.")
    .usage("<verb> [options]")
    .version(packageVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [verb]", "show help, of a verb where one is named")
    .addHelpText(
      "after",
      "\nStart with:\n  $ npx crew init     write a commented crew.config.ts\n  $ npx crew build    compile it into dist/\n  $ npx crew deploy   put it into service on this host\n",
    );
  configure(program, streams);
  for (const { name, summary } of verbs) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
    command.helpOption("-h, --help", "show help");
    configure(command, streams);
  }
  return program;
}

function configure(command: Command, streams: Streams): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: streams.writeOut,
      writeErr: streams.writeErr,
      getOutHelpWidth: () => streams.width,
      getErrHelpWidth: () => streams.width,
    })
    .addOption(
      new Option("--output <format>", "form of the answer")
        .choices(["text", "json", "github", "sarif"])
        .default("text"),
    )
    .option("--no-color", "no colour, as with the variable NO_COLOR")
    .option("--verbose", "say more: times, paths, stacks", false);
}

/** Adds a loaded verb's arguments, options and examples; `onRun` gets what the user asked for. */
export function attachVerb(
  program: Command,
  name: string,
  verb: Verb,
  onRun: (invocation: Invocation) => void,
): void {
  const command = program.commands.find((c) => c.name() === name);
  if (command === undefined) throw new Error(`verb ${name} is not registered`);
  verb.configure(command);
  command.action(() => {
    onRun({ args: command.args, options: mergedOptions(program, command) });
  });
}

/** Global options may stand before or after the verb; what the user wrote wins over a default. */
function mergedOptions(program: Command, command: Command): Invocation["options"] {
  const options: Record<string, unknown> = { ...command.opts() };
  for (const [key, value] of Object.entries(program.opts())) {
    if (program.getOptionValueSource(key) === "cli" && command.getOptionValueSource(key) !== "cli")
      options[key] = value;
  }
  return options as Invocation["options"];
}
