/** `--repository`, `--key` and `--suite`: the source that a user names for an engine line. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Diagnostic, DiagnosticCode } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { type EngineLine, engineLine } from "../engine/lines.ts";
import { parseRepositoryLine } from "../host/apt-line.ts";
import { type EngineSource, keepKey } from "../host/engine-source.ts";
import type { AptRepository } from "../host/root-spec.ts";

/** What is wrong with the command line itself: a repository that is not written as one, a key too few. */
export const usageCodes: readonly DiagnosticCode[] = ["CREW6916", "CREW6918"];

export function addSourceOptions(command: Command): void {
  const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .addOption(
      new Option(
        "--repository <line>",
        'with install: an apt repository to take the engine from, "deb URL SUITE COMPONENT"; may be given again',
      ).argParser(several),
    )
    .addOption(
      new Option(
        "--key <file>",
        "with --repository: the public key that signs it; one for all repositories, or one each in their order",
      ).argParser(several),
    )
    .option("--suite <name>", "with install: the Debian suite of the libraries (default: that of the line)");
}

/** The source that the options name, its keys kept in the engine folder; no source where they name none. */
export async function sourceOption(
  line: EngineLine,
  options: Readonly<Record<string, unknown>>,
  where: { readonly cwd: string; readonly directory: string },
): Promise<Result<{ readonly source?: EngineSource }>> {
  const lines = (options.repository ?? []) as readonly string[];
  const keys = (options.key ?? []) as readonly string[];
  const suite = options.suite as string | undefined;
  if (suite !== undefined && !/^[a-z][a-z0-9.-]*$/.test(suite))
    return failed(usage(`"${suite}" is no name of a Debian suite.`, "Name one like trixie or forky."));
  const parsed = lines.map((text) => parseRepositoryLine(text, process.arch === "arm64" ? "arm64" : "amd64"));
  const wrong = parsed.flatMap((p) => p.diagnostics);
  if (wrong.length > 0) return failed(...wrong);
  const repositories = parsed.flatMap((p) => p.value ?? []);
  const keyless = repositories.filter((r) => r.signedBy === undefined);
  if (keys.length !== keyless.length && !(keys.length === 1 && keyless.length > 1))
    return failed(keyCount(keyless.length, keys.length));
  const named: AptRepository[] = [];
  const problems: Diagnostic[] = [];
  for (const repository of repositories) {
    const { uri, suite: ownSuite, components } = repository;
    const file = repository.signedBy ?? keys[keys.length === 1 ? 0 : keyless.indexOf(repository)] ?? "";
    const kept = await keepKey(resolve(where.cwd, file), where.directory);
    problems.push(...kept.diagnostics);
    if (kept.value !== undefined) named.push({ uri, suite: ownSuite, components, signedBy: kept.value });
  }
  if (problems.length > 0) return failed(...problems);
  if (named.length === 0 && suite === undefined) return ok({});
  return ok({ source: { suite: suite ?? engineLine(line).debian.suite, repositories: named } });
}

function keyCount(repositories: number, keys: number): Diagnostic {
  return usage(
    keys === 0
      ? `No key is named for ${repositories === 1 ? "the repository" : `${repositories} repositories`}.`
      : `${keys} keys are named for ${repositories} ${repositories === 1 ? "repository" : "repositories"} without one.`,
    "Give --key FILE once for all repositories or once for each in their order, or write [signed-by=FILE] after deb.",
  );
}

function usage(message: string, help: string): Diagnostic {
  return {
    code: "CREW6918",
    severity: "error",
    message,
    why: "Every source of an engine is named with the key that signs it; nothing unsigned is unpacked.",
    help,
  };
}
