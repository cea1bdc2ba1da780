/** The parse level for Kamailio: `kamailio -c`, and our own checks of what it takes and a start refuses. */
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Cell } from "./cell.ts";
import { kamailioProblems } from "./kamailio-log.ts";
import { regexLiterals, repeatedSockets, type Token, tokens, undefinedRoutes } from "./kamailio-script.ts";
import type { KamailioStart } from "./kamailio-start.ts";
import { type ArtifactPlace, type Artifacts, diagnose, placeOf, readLines } from "./locate.ts";
import type { NativeProblem } from "./native-problem.ts";
import { didNotRun, tooSlow } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";

export const kamailioFile = "kamailio/kamailio.cfg";

/** Lets `kamailio -c` read the config: grammar, modules, functions and parameters. Errors that it prints and forgives count. */
export async function parseKamailio(
  artifacts: Artifacts,
  start: KamailioStart,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const end = await cell.run(runtime.command("kamailio", ["-c", ...start.arguments]), { timeout: 10_000 });
  if (end.error !== undefined) return { diagnostics: [didNotRun("kamailio", end.error)] };
  if (end.signal !== null) return { diagnostics: [tooSlow("kamailio -c", 10)] };
  const problems = kamailioProblems(end.lines.map((l) => l.text));
  if (problems.length > 0) return { diagnostics: problems.map((p) => refused(artifacts, p)) };
  if (end.code === 0) return { diagnostics: [] };
  const last = end.lines.at(-1)?.text ?? "";
  return {
    diagnostics: [
      diagnose(artifacts, {
        code: "CREW5101",
        message: `kamailio -c ended with exit code ${end.code}: ${last}`,
      }),
    ],
  };
}

function refused(artifacts: Artifacts, problem: NativeProblem): Diagnostic {
  const place = placeOf(artifacts, problem, kamailioFile);
  return diagnose(artifacts, {
    code: "CREW5101",
    message: `Kamailio refuses the config: ${problem.text}.`,
    details: problem.details,
    help: "This config was compiled from yours, so the fault is likely crew's: report it with the line below.",
    ...(place === undefined ? {} : { place }),
  });
}

/** Undefined routes, regular expressions that do not compile, and sockets that are listed twice. */
export async function checkKamailioScript(artifacts: Artifacts, cell: Cell): Promise<StepResult> {
  const script = tokens(readLines(artifacts.directory, kamailioFile).join("\n"));
  const expressions = regexLiterals(script);
  const bad = await badExpressions(
    expressions.map((token) => token.text),
    cell,
  );
  const diagnostics = [
    ...undefinedRoutes(script).map(({ block, name, at }) =>
      diagnose(artifacts, {
        code: "CREW5102",
        message: `The script uses ${block}[${name}], which it does not define.`,
        why: "kamailio -c takes this; a start refuses it, or the route is skipped without a word.",
        place: placeOfToken(at),
      }),
    ),
    ...expressions
      .filter((_, i) => bad.has(i))
      .map((token) =>
        diagnose(artifacts, {
          code: "CREW5103",
          message: `The regular expression "${token.text}" does not compile.`,
          why: "kamailio -c takes this; a start refuses it.",
          place: placeOfToken(token),
        }),
      ),
    ...repeatedSockets(script).map(({ at, first }) =>
      diagnose(artifacts, {
        code: "CREW5104",
        message: `The same socket is listed twice, first on line ${first.line}.`,
        why: "Kamailio drops the second one in silence, with its name and its advertised address.",
        place: placeOfToken(at),
      }),
    ),
  ];
  return { diagnostics };
}

export function placeOfToken(token: Token): ArtifactPlace {
  const { line, column, endLine, endColumn } = token;
  return { path: kamailioFile, line, column, endLine, endColumn };
}

/** POSIX extended expressions, compiled by the C library through grep as Kamailio compiles them. */
const compileAll = `i=0; while IFS= read -r re; do grep -qE -e "$re" /dev/null 2>/dev/null; [ $? -le 1 ] || echo $i; i=$((i+1)); done`;

async function badExpressions(expressions: readonly string[], cell: Cell): Promise<ReadonlySet<number>> {
  if (expressions.length === 0) return new Set();
  const input = `${expressions.map((e) => e.replaceAll("\n", " ")).join("\n")}\n`;
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const end = await cell.run({ file: "sh", args: ["-c", compileAll], env }, { input, timeout: 5000 });
  return new Set(end.lines.filter((l) => l.stream === "stdout").map((l) => Number(l.text)));
}
