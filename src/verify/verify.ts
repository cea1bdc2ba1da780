/** Lets the native programs read a bundle, and boot it, in namespaces that nothing leaves and nothing outlives. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Diagnostic, hasErrors } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { Model } from "../model/model.ts";
import { addAddresses, edgeAddresses } from "./addresses.ts";
import { answers, probeAddresses } from "./answers.ts";
import { type Cell, openCell } from "./cell.ts";
import { checkCertificates } from "./certificates.ts";
import { kamailioComplaints, startKamailio } from "./kamailio-boot.ts";
import { checkKamailioScript, parseKamailio } from "./kamailio-parse.ts";
import { type KamailioStart, prepareKamailio } from "./kamailio-start.ts";
import type { Artifacts } from "./locate.ts";
import { loadNftables, parseNftables } from "./nftables.ts";
import { cancelled, noNamespaces, outOfTime } from "./problems.ts";
import type { StepResult, VerifyOptions, VerifyReport, VerifyStep, VerifyStepName } from "./report.ts";
import { checkRtpengine, rtpengineComplaints, startRtpengine } from "./rtpengine.ts";
import { checkSockets } from "./sockets.ts";
import { compareTables } from "./tables.ts";

export type { VerifyLevel, VerifyOptions, VerifyReport, VerifyRuntime, VerifyStep } from "./report.ts";

interface Run {
  readonly options: VerifyOptions;
  readonly artifacts: Artifacts;
  readonly start: KamailioStart;
  readonly cell: Cell;
  readonly cellDirectory: string;
  readonly timeout: number;
  readonly steps: VerifyStep[];
  readonly diagnostics: Diagnostic[];
}

/**
 * Verifies a bundle on disk. The report is the value also where the bundle is refused; it is absent where the host cannot
 * verify at all. `boot` starts the real daemons only where the parse level found nothing. Problems: CREW50xx host and
 * time, CREW51xx Kamailio, CREW52xx nftables, CREW53xx rtpengine.
 */
export async function verifyBundle(options: VerifyOptions): Promise<Result<VerifyReport>> {
  const started = performance.now();
  const timeout = options.timeout ?? defaultTimeout(options.model);
  const cellDirectory = realpathSync(mkdtempSync(join(tmpdir(), "crew-verify-")));
  try {
    const directory = realpathSync(options.directory);
    const start = prepareKamailio(options, directory, cellDirectory);
    const cell = await openCell({
      directory: cellDirectory,
      bundle: directory,
      life: timeout,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    if (typeof cell === "string")
      return failed(options.signal?.aborted ? cancelled() : noNamespaces(cell.replaceAll("\n", " ")));
    let early: "out of time" | "interrupted" | undefined;
    const timer = setTimeout(() => {
      early = "out of time";
      void cell.close();
    }, timeout);
    const artifacts: Artifacts = {
      directory,
      alias: start.alias,
      lineMap: options.lineMap,
      secrets: start.secrets,
    };
    const run: Run = { options, artifacts, start, cell, cellDirectory, timeout, steps: [], diagnostics: [] };
    try {
      await parseLevel(run);
      if (options.level === "boot" && !hasErrors(run.diagnostics)) await bootLevel(run);
    } finally {
      clearTimeout(timer);
      if (options.signal?.aborted) early = "interrupted";
      await cell.close();
    }
    if (early === "interrupted") return failed(cancelled());
    if (early === "out of time") return failed(outOfTime(timeout / 1000), ...run.diagnostics);
    return ok(reportOf(run, Math.round(performance.now() - started)), run.diagnostics);
  } finally {
    rmSync(cellDirectory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** 20 s, and another one for each 10,000 routes, which take a tenth of that. */
function defaultTimeout(model: Model): number {
  const routes = model.trunks.reduce((sum, trunk) => sum + trunk.routes.length, 0);
  return 20_000 + routes / 10;
}

function reportOf({ options, steps, diagnostics }: Run, milliseconds: number): VerifyReport {
  const { line, versions } = options.runtime;
  return {
    level: options.level,
    ok: !hasErrors(diagnostics),
    engine: { line, versions },
    steps,
    milliseconds,
  };
}

async function step<T extends StepResult>(
  run: Run,
  name: VerifyStepName,
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const result = await work();
  run.diagnostics.push(...result.diagnostics);
  const done: VerifyStep = {
    name,
    ok: !hasErrors(result.diagnostics),
    milliseconds: Math.round(performance.now() - started),
    ...(result.detail === undefined ? {} : { detail: result.detail }),
  };
  run.steps.push(done);
  run.options.onProgress?.(done);
  return result;
}

async function parseLevel(run: Run): Promise<void> {
  const { artifacts, cell, start } = run;
  const { runtime, model, onEdge = false } = run.options;
  const { network } = model.edge;
  if (network.tls !== undefined)
    await step(run, "certificates", async () => checkCertificates(network, { onEdge }));
  await Promise.all([
    step(run, "kamailio parse", () => parseKamailio(artifacts, start, runtime, cell)),
    step(run, "kamailio own checks", () => checkKamailioScript(artifacts, cell)),
    step(run, "nftables parse", () => parseNftables(artifacts, runtime, cell)),
    step(run, "rtpengine options", () => checkRtpengine(artifacts, runtime, cell)),
  ]);
}

/** A failed step ends the level: what follows it would only repeat its cause. */
async function bootLevel(run: Run): Promise<void> {
  const { artifacts, cell, start, cellDirectory } = run;
  const { runtime, model } = run.options;
  const addresses = [...new Set([...edgeAddresses(model), ...probeAddresses(model)])];
  await step(run, "addresses", () => addAddresses(addresses, artifacts, runtime, cell));
  if (hasErrors(run.diagnostics)) return;
  const [, relay] = await Promise.all([
    step(run, "nftables load", () => loadNftables(artifacts, model, runtime, cell)),
    step(run, "rtpengine start", () => startRtpengine(artifacts, runtime, cell, cellDirectory)),
  ]);
  if (hasErrors(run.diagnostics)) return;
  const proxy = await step(run, "kamailio start", () =>
    startKamailio(artifacts, start, runtime, cell, 0.75 * run.timeout),
  );
  if (proxy.process === undefined) return;
  await Promise.all([
    step(run, "kamailio tables", () => compareTables(artifacts, start.rpcSocket)),
    step(run, "sockets", () => checkSockets(artifacts, cell)),
    step(run, "kamailio answers", () => answers(artifacts, model, cell)),
  ]);
  // what programs say that take each other's packets is no fault of theirs
  if (run.diagnostics.some((d) => d.code === "CREW5111")) return;
  const complaints = [
    ...kamailioComplaints(artifacts, proxy.process).diagnostics,
    ...(relay.process ? rtpengineComplaints(artifacts, relay.process).diagnostics : []),
  ];
  // a line that a step has refused already was refused for what is complained about
  const refused = new Set(run.diagnostics.map(artifactLine));
  run.diagnostics.push(
    ...complaints.filter((d) => artifactLine(d) === undefined || !refused.has(artifactLine(d))),
  );
}

function artifactLine({ span, related }: Diagnostic): string | undefined {
  const place = span ?? related?.[0]?.span;
  return place && `${place.file}:${place.start.line}`;
}
