/** A deployment on this host, from a bundle to a committed generation. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../bundle/bundle.ts";
import { fullDisk, makeFolder, refusal } from "../bundle/folder.ts";
import { type Diagnostic, hasErrors } from "../core/diagnostic.ts";
import type { EngineRuntime } from "../host/runtime.ts";
import { activate, planProof } from "./activate.ts";
import { cleanUp, prune, takeLock } from "./begin.ts";
import { chooseDaemonUser } from "./daemon-user.ts";
import { type Edge, keepPrograms } from "./edge.ts";
import { hostProblems, usedPorts } from "./host-check.ts";
import { freePort } from "./ports.ts";
import { problems } from "./problems.ts";
import { guardService, kamailioProcess, runGuard } from "./processes.ts";
import type { Proof } from "./proof/prove.ts";
import { relayChanges, relayGeneration, relayService } from "./relay.ts";
import { repair } from "./repair.ts";
import type { BoundSecrets, DigestRecord, PasswordRecord } from "./secrets.ts";
import { callsInRelay } from "./sessions.ts";
import { commitStaging, stagingFolder, writeStaging } from "./stage.ts";
import {
  currentGeneration,
  type GenerationFacts,
  generationNumbers,
  kamailioService,
  readFacts,
} from "./state/generations.ts";
import { edgeKeys, fingerprint } from "./state/keys.ts";
import { type Consent, changesBetween, type Summary } from "./summary.ts";

export interface DeployRequest {
  readonly edge: Edge;
  readonly runtime: EngineRuntime;
  readonly bundle: Bundle;
  /** Fresh ones, or those that an earlier generation was bound to. */
  readonly secrets:
    | BoundSecrets
    | {
        readonly digests: readonly DigestRecord[];
        readonly passwords: readonly PasswordRecord[];
        readonly fingerprint: string;
      };
  readonly rollbackTo?: number;
  /** Verifies the bundle in a folder. */
  readonly verify: (folder: string) => Promise<readonly Diagnostic[]>;
  readonly confirm: (summary: Summary) => Promise<Consent>;
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

/** Of a path, what would end it where a script includes files and names sockets. */
const unreadable = /[^\p{L}\p{N}._+@~/-]/u;

/** Deploys. Expected problems are in the report; CREW60xx. */
export async function deploy(request: DeployRequest): Promise<DeployReport> {
  const { edge } = request;
  const refused = (reason: string): DeployReport => ({
    outcome: "refused",
    diagnostics: [problems.stateFolder(edge.paths.root, reason)],
  });
  if (unreadable.test(edge.paths.root))
    return refused("Kamailio reads no path with white space, quotes or signs other than . _ - + @ ~");
  try {
    makeFolder(edge.paths.generations);
    await mkdir(edge.paths.log, { recursive: true });
  } catch (error) {
    return refused(refusal(error) ?? String(error));
  }
  const lock = await takeLock(edge);
  if (typeof lock === "object" && "pid" in lock)
    return { outcome: "locked", diagnostics: [problems.locked(lock.pid)] };
  const onAbort = (): void => request.say("interrupted");
  request.signal.addEventListener("abort", onAbort, { once: true });
  // Stays, so that an interruption behind the commit finds somebody who listens, and the answer is still given.
  request.signal.addEventListener("abort", () => {});
  try {
    return await locked(request);
  } catch (error) {
    const reason = fullDisk(error);
    if (reason === undefined || existsSync(edge.paths.activation)) throw error;
    const current = await currentGeneration(edge.paths);
    if (current === undefined || !isRunning(edge, current))
      await edge.supervisor.down(guardService, { remove: true });
    return refused(reason);
  } finally {
    request.signal.removeEventListener("abort", onAbort);
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
  if (running && old !== undefined && isSame(old, bundle, secretsMark, runtime)) {
    const repaired = await repair(edge, previous);
    return done(hasErrors(repaired) ? "refused" : "unchanged", repaired);
  }

  const refusals = await hostProblems(edge, bundle.model);
  if (refusals.length > 0) return done("refused", refusals);
  say("verify");
  const unwritable = await writeStaging(edge, bundle);
  if (unwritable !== undefined) return done("refused", [unwritable]);
  const found = await request.verify(join(stagingFolder(edge), "bundle"));
  if (signal.aborted) return done("interrupted", [problems.interrupted()]);
  if (hasErrors(found)) return done("verify_failed", found);

  const relay = supervisor.state(relayService).main && (await relayGeneration(paths));
  const restartRelay = relay !== undefined && (await relayChanges(edge, relay, bundle.manifest));
  // two generations share a TCP port only where both run as the same user (socket(7), SO_REUSEPORT)
  const { user, diagnostics: about } =
    running && old !== undefined
      ? { user: old.user, diagnostics: [] }
      : await chooseDaemonUser(runtime, join(stagingFolder(edge), "bundle", "kamailio", "kamailio.cfg"));
  const warnings = [
    ...found,
    ...about,
    ...(restartRelay ? [problems.relayRestarts(await callsInRelay())] : []),
  ];
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
      ...(user === undefined ? {} : { user }),
      ...(request.rollbackTo === undefined ? {} : { rollback_to: request.rollbackTo }),
    };
    const binding = await commitStaging({
      edge,
      runtime,
      bundle,
      keys,
      digests: secrets.digests,
      passwords: secrets.passwords,
      facts,
      ...(running && old !== undefined ? { predecessorPort: old.handover_port } : {}),
      proof: { token: proof.token, echoPort: proof.echo.port },
    });
    const result = await activate({
      edge,
      model: bundle.model,
      generation,
      kamailio: kamailioProcess(paths, runtime, binding, bundle.model, user),
      proof,
      restartRelay,
      say,
      signal,
    });
    if (result.outcome === "committed") {
      await prune(edge);
      return {
        outcome: "deployed",
        generation,
        ...(previous === undefined ? {} : { previous }),
        proof: result.proof,
        diagnostics: [...before, ...warnings, ...result.diagnostics],
      };
    }
    if (!running) await supervisor.down(guardService, { remove: true });
    const interrupted = signal.aborted && result.outcome === "rolled_back";
    return done(interrupted ? "interrupted" : result.outcome, [...warnings, ...result.diagnostics]);
  } finally {
    proof.echo.close();
  }
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
