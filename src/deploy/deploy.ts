/** A deployment on this host, from a bundle to a committed generation. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bundle } from "../bundle/bundle.ts";
import { type Diagnostic, hasErrors } from "../core/diagnostic.ts";
import { acquireLock, type Lock, type LockOwner } from "../host/lock.ts";
import type { EngineRuntime } from "../host/runtime.ts";
import type { Model } from "../model/model.ts";
import { activate, planProof } from "./activate.ts";
import { type Edge, keepPrograms } from "./edge.ts";
import { addressesOf, freePort, holdersOf, hostAddresses, isLocal, listenersOf } from "./ports.ts";
import { problems } from "./problems.ts";
import { guardService, kamailioProcess, runGuard } from "./processes.ts";
import type { Proof } from "./proof/prove.ts";
import { askRelay, relayGeneration, relayService } from "./relay.ts";
import type { BoundSecrets, DigestRecord } from "./secrets.ts";
import { commitStaging, stagingFolder, writeStaging } from "./stage.ts";
import { readJson } from "./state/files.ts";
import {
  currentGeneration,
  type GenerationFacts,
  generationNumbers,
  generationOf,
  kamailioService,
  readFacts,
} from "./state/generations.ts";
import { edgeKeys, fingerprint } from "./state/keys.ts";
import { generationPaths } from "./state/paths.ts";
import { changesBetween, type Summary } from "./summary.ts";
import { takeBack } from "./take-back.ts";

export interface DeployRequest {
  readonly edge: Edge;
  readonly runtime: EngineRuntime;
  readonly bundle: Bundle;
  /** Fresh ones, or those that an earlier generation was bound to. */
  readonly secrets:
    | BoundSecrets
    | { readonly digests: readonly DigestRecord[]; readonly fingerprint: string };
  readonly rollbackTo?: number;
  /** Verifies the bundle in a folder. */
  readonly verify: (folder: string) => Promise<readonly Diagnostic[]>;
  readonly confirm: (summary: Summary) => Promise<"yes" | "no" | "unconfirmed">;
  /** Each step as it begins. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export type DeployOutcome =
  | "unchanged"
  | "deployed"
  | "declined"
  | "unconfirmed"
  | "locked"
  | "refused"
  | "verify_failed"
  | "interrupted"
  | "rolled_back"
  | "not_rolled_back";

export interface DeployReport {
  readonly outcome: DeployOutcome;
  /** What carries the calls now. */
  readonly generation?: number;
  readonly previous?: number;
  readonly proof?: Proof;
  readonly diagnostics: readonly Diagnostic[];
}

/** Deploys. Expected problems are in the report; CREW60xx. */
export async function deploy(request: DeployRequest): Promise<DeployReport> {
  const { edge } = request;
  try {
    await mkdir(edge.paths.generations, { recursive: true });
    await mkdir(edge.paths.log, { recursive: true });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return { outcome: "refused", diagnostics: [problems.stateFolder(edge.paths.root, reason)] };
  }
  const lock = await takeLock(edge);
  if (typeof lock === "object" && "pid" in lock)
    return { outcome: "locked", diagnostics: [problems.locked(lock.pid)] };
  try {
    return await locked(request);
  } finally {
    await rm(stagingFolder(edge), { recursive: true, force: true });
    await lock.release();
  }
}

async function locked(request: DeployRequest): Promise<DeployReport> {
  const { edge, bundle, signal, say, runtime } = request;
  const { paths, supervisor } = edge;
  const before = await cleanUp(edge);
  const previous = await currentGeneration(paths);
  const done = (outcome: DeployOutcome, diagnostics: readonly Diagnostic[] = []): DeployReport => ({
    outcome,
    ...(previous === undefined ? {} : { generation: previous }),
    diagnostics: [...before, ...diagnostics],
  });
  const keys = await edgeKeys(paths.keys);
  const { secrets } = request;
  const secretsMark = "fingerprint" in secrets ? secrets.fingerprint : fingerprint(keys, secrets.values);
  const running = previous !== undefined && isRunning(edge, previous);
  const old = previous === undefined ? undefined : await readFacts(paths, previous);
  if (running && old !== undefined && isSame(old, bundle, secretsMark, runtime)) return done("unchanged");

  const refusals = hostProblems(edge, bundle.model);
  if (refusals.length > 0) return done("refused", refusals);
  say("verify");
  const unwritable = await writeStaging(edge, bundle);
  if (unwritable !== undefined) return done("refused", [unwritable]);
  const found = await request.verify(join(stagingFolder(edge), "bundle"));
  if (signal.aborted) return done("interrupted", [problems.interrupted()]);
  if (hasErrors(found)) return done("verify_failed", found);

  const relay = supervisor.state(relayService).main && (await relayGeneration(paths));
  const restartRelay = relay !== undefined && (await relayConfChanged(edge, relay, bundle));
  const warnings = [...found, ...(restartRelay ? [problems.relayRestarts(await calls())] : [])];
  const generation = Math.max(0, ...generationNumbers(paths)) + 1;
  const consent = await request.confirm({
    edge: bundle.manifest.edge,
    generation,
    ...(previous === undefined ? {} : { previous }),
    running,
    ...(request.rollbackTo === undefined ? {} : { rollbackTo: request.rollbackTo }),
    changes: await changesBetween(edge, running ? previous : undefined, bundle.manifest),
    secretsChanged: running && old !== undefined && old.secrets !== secretsMark,
    engineChanged: running && old !== undefined && !sameEngine(old, runtime),
    warnings,
  });
  if (signal.aborted) return done("interrupted", [problems.interrupted()]);
  if (consent === "no") return done("declined", warnings);
  if (consent === "unconfirmed") return done("unconfirmed", [...warnings, problems.unconfirmed()]);

  say(`stage generation ${generation}`);
  await keepPrograms(paths, edge.programs);
  await runGuard(edge);
  const proof = await planProof(bundle.model);
  try {
    const facts: GenerationFacts = {
      generation,
      bundle: bundle.manifest.bundle,
      secrets: secretsMark,
      crew_version: bundle.manifest.crew_version,
      engine: runtime.line,
      engine_versions: { ...runtime.versions },
      created: new Date().toISOString(),
      handover_port: freePort(await usedPorts(edge)),
      ...(request.rollbackTo === undefined ? {} : { rollback_to: request.rollbackTo }),
    };
    const binding = await commitStaging({
      edge,
      runtime,
      bundle,
      keys,
      digests: secrets.digests,
      facts,
      ...(running && old !== undefined ? { predecessorPort: old.handover_port } : {}),
      proof: { token: proof.token, echoPort: proof.echo.port },
    });
    const result = await activate({
      edge,
      model: bundle.model,
      generation,
      kamailio: kamailioProcess(paths, runtime, binding, bundle.model),
      proof,
      restartRelay,
      say,
      signal,
    });
    if (result.outcome === "committed")
      return {
        outcome: "deployed",
        generation,
        ...(previous === undefined ? {} : { previous }),
        proof: result.proof,
        diagnostics: [...before, ...warnings, ...result.diagnostics],
      };
    if (previous === undefined) await supervisor.down(guardService, { remove: true });
    const interrupted = signal.aborted && result.outcome === "rolled_back";
    return done(interrupted ? "interrupted" : result.outcome, [...warnings, ...result.diagnostics]);
  } finally {
    proof.echo.close();
  }
}

/** The guard holds the lock for moments while it takes something back; another deployment holds it for long. */
async function takeLock(edge: Edge): Promise<Lock | { readonly pid: number | undefined }> {
  for (let waited = 0; ; waited += 200) {
    const lock = await acquireLock(edge.paths.lock, { timeout: 0 });
    if (lock !== undefined) return lock;
    const owner = await readJson<LockOwner>(join(edge.paths.lock, "owner.json"));
    const isGuard = owner !== undefined && owner.pid === edge.supervisor.state(guardService).main?.pid;
    if (!isGuard || waited > 20_000) return { pid: owner?.pid };
    await sleep(200);
  }
}

/** Finishes what a deployment that died left behind. */
async function cleanUp(edge: Edge): Promise<readonly Diagnostic[]> {
  for (const name of await readdir(edge.paths.generations))
    if (name.startsWith(".staging-"))
      await rm(join(edge.paths.generations, name), { recursive: true, force: true });
  const back = await takeBack(edge, "the deploying process died");
  const current = await currentGeneration(edge.paths);
  for (const name of edge.supervisor.names()) {
    const generation = generationOf(name);
    if (generation !== undefined && generation > (current ?? 0))
      await edge.supervisor.down(name, { remove: true });
  }
  if (back === undefined) return [];
  const { generation, previous } = back.activation;
  return back.failure === undefined
    ? [problems.abandoned(generation, previous)]
    : [problems.notRolledBack(back.failure)];
}

export function isRunning(edge: Edge, generation: number): boolean {
  return edge.supervisor.state(kamailioService(generation)).main !== undefined;
}

function isSame(old: GenerationFacts, bundle: Bundle, secrets: string, runtime: EngineRuntime): boolean {
  return old.bundle === bundle.manifest.bundle && old.secrets === secrets && sameEngine(old, runtime);
}

function sameEngine(old: GenerationFacts, runtime: EngineRuntime): boolean {
  const now: Readonly<Record<string, string>> = { ...runtime.versions };
  return Object.keys(now).every((name) => now[name] === old.engine_versions[name]);
}

/** What on this host stands in the way: addresses that it does not have, ports that others hold. */
function hostProblems(edge: Edge, model: Model): readonly Diagnostic[] {
  const foreign = addressesOf(model).filter(({ address }) => !isLocal(address));
  if (foreign.length > 0)
    return foreign.map(({ at, address }) => problems.foreignAddress(at, address, hostAddresses()));
  const ours = new Set(edge.supervisor.names().flatMap((name) => edge.supervisor.state(name).pids));
  const taken = listenersOf(model).flatMap((listener) =>
    holdersOf(listener, ours)
      .slice(0, 1)
      .map((holder) => ({ listener, holder })),
  );
  const socket = join(generationPaths(edge.paths, 1_000_000).private, "ctl.sock");
  return [
    ...(Buffer.byteLength(socket) > 107 ? [problems.longPath(socket)] : []),
    ...taken.map(({ listener, holder }) =>
      problems.portTaken(
        listener.at,
        `${listener.protocol.toUpperCase()} port ${listener.port} of ${listener.address}`,
        holder.pid === undefined ? undefined : `${holder.program} (process ${holder.pid})`,
      ),
    ),
  ];
}

async function usedPorts(edge: Edge): Promise<ReadonlySet<number>> {
  const facts = await Promise.all(
    generationNumbers(edge.paths)
      .slice(-50)
      .map((n) => readFacts(edge.paths, n)),
  );
  return new Set(facts.flatMap((f) => (f === undefined ? [] : [f.handover_port])));
}

async function relayConfChanged(edge: Edge, generation: number, bundle: Bundle): Promise<boolean> {
  const path = "rtpengine/rtpengine.conf";
  const manifest = await readJson<Bundle["manifest"]>(
    join(generationPaths(edge.paths, generation).bundle, "manifest.json"),
  );
  const hash = (m: Bundle["manifest"] | undefined): string | undefined =>
    m?.artifacts.find((a) => a.path === path)?.sha256;
  return existsSync(edge.paths.root) && hash(manifest) !== hash(bundle.manifest);
}

/** Calls that rtpengine carries now. */
async function calls(): Promise<number | undefined> {
  const answer = await askRelay({ command: "list", limit: 10_000 });
  return Array.isArray(answer?.calls) ? answer.calls.length : undefined;
}
