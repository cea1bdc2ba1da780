/** The boot level for Kamailio: start it as a deployment does and ask it over RPC. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { callRpc } from "./binrpc.ts";
import type { Cell, CellProcess } from "./cell.ts";
import { kamailioProblems } from "./kamailio-log.ts";
import { kamailioFile } from "./kamailio-parse.ts";
import type { KamailioStart } from "./kamailio-start.ts";
import { type Artifacts, diagnose, placeOf } from "./locate.ts";
import { didNotRun } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";

export interface StartedKamailio extends StepResult {
  readonly process?: CellProcess;
}

/** Starts Kamailio and waits until it answers RPC, at most `patience` milliseconds: large tables take their time. */
export async function startKamailio(
  artifacts: Artifacts,
  start: KamailioStart,
  runtime: VerifyRuntime,
  cell: Cell,
  patience: number,
): Promise<StartedKamailio> {
  const process = cell.start(runtime.command("kamailio", start.arguments));
  const deadline = performance.now() + patience;
  while (performance.now() < deadline && process.end() === undefined) {
    // one question for the whole wait: Kamailio logs an error for each that nobody waits for any more
    const timeout = deadline - performance.now();
    const version = await callRpc(start.rpcSocket, "core.version", [], { timeout });
    if (version.ok) return { process, diagnostics: [], detail: String(version.values[0] ?? "").trim() };
    await Promise.race([process.ended, sleep(20)]);
  }
  const end = process.end();
  if (end?.error !== undefined) return { diagnostics: [didNotRun("kamailio", end.error)] };
  if (end === undefined && kamailioProblems(process.lines.map((l) => l.text)).length === 0)
    return {
      diagnostics: [
        diagnose(artifacts, {
          code: "CREW5107",
          message: "Kamailio starts but does not answer RPC on its control socket.",
        }),
      ],
    };
  return { diagnostics: startProblems(artifacts, process) };
}

/** Only the first failure is a cause; Kamailio repeats it while it ends. */
function startProblems(artifacts: Artifacts, process: CellProcess): readonly Diagnostic[] {
  const [first] = kamailioProblems(process.lines.map((l) => l.text));
  const end = process.end();
  const text = first?.text ?? `it ended with exit code ${end?.code} and no reason`;
  const place = first === undefined ? undefined : placeOf(artifacts, first, kamailioFile);
  return [
    diagnose(artifacts, {
      code: "CREW5105",
      message: `Kamailio does not start: ${text.replace(/\.$/, "")}.`,
      details: first?.details ?? [],
      // a failed fix-up is told with the line after its statement
      slack: 1,
      ...(place === undefined ? {} : { place }),
    }),
  ];
}

/** What a running Kamailio complained about. */
export function kamailioComplaints(artifacts: Artifacts, process: CellProcess): StepResult {
  const problems = kamailioProblems(process.lines.map((l) => l.text));
  return {
    diagnostics: problems.map((problem) => {
      const place = placeOf(artifacts, problem, kamailioFile);
      return diagnose(artifacts, {
        code: "CREW5106",
        message: `Kamailio starts but logs an error: ${problem.text}.`,
        details: problem.details,
        slack: 1,
        ...(place === undefined ? {} : { place }),
      });
    }),
  };
}
