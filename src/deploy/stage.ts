/** Puts a generation on disk: the bundle, what is bound to it, and the facts about it. */
import { chmod, chown, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bundle } from "../bundle/bundle.ts";
import { writeBundle } from "../bundle/write.ts";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { EngineRuntime } from "../host/runtime.ts";
import { bindingFiles, type KamailioBinding } from "../targets/kamailio/binding.ts";
import type { Edge } from "./edge.ts";
import { relayProcess } from "./processes.ts";
import { relayControl } from "./relay.ts";
import type { DigestRecord, PasswordRecord } from "./secrets.ts";
import { syncFolder, writeAtomic, writeJson } from "./state/files.ts";
import { type GenerationFacts, type PrivateFacts, setStatus } from "./state/generations.ts";
import type { EdgeKeys } from "./state/keys.ts";
import { generationPaths } from "./state/paths.ts";

export interface Staging {
  readonly edge: Edge;
  readonly runtime: EngineRuntime;
  readonly bundle: Bundle;
  readonly keys: EdgeKeys;
  readonly digests: readonly DigestRecord[];
  readonly passwords: readonly PasswordRecord[];
  readonly facts: GenerationFacts;
  readonly predecessorPort?: number;
  readonly proof: { readonly token: string; readonly echoPort: number };
}

/** Writes the bundle to a folder that no generation has yet, for verification. */
export function stagingFolder(edge: Edge): string {
  return join(edge.paths.generations, `.staging-${process.pid}`);
}

export async function writeStaging(edge: Edge, bundle: Bundle): Promise<Diagnostic | undefined> {
  const folder = stagingFolder(edge);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const written = writeBundle(bundle, join(folder, "bundle"));
  return "code" in written ? written : undefined;
}

/** Completes the staged folder and gives it its number in one rename. */
export async function commitStaging(staging: Staging): Promise<KamailioBinding> {
  const { edge, facts, bundle } = staging;
  const final = generationPaths(edge.paths, facts.generation);
  const binding: KamailioBinding = {
    generation: facts.generation,
    directory: join(final.bundle, "kamailio"),
    privateDirectory: final.private,
    handoverPort: facts.handover_port,
    ...(staging.predecessorPort === undefined ? {} : { predecessorPort: staging.predecessorPort }),
    proof: staging.proof,
    keys: staging.keys,
    rtpengine: `udp:${relayControl.address}:${relayControl.port}`,
    digests: staging.digests,
    passwords: staging.passwords,
    counted: true,
    contacts: edge.paths.contacts,
  };
  const folder = stagingFolder(edge);
  const own = join(folder, "private");
  await mkdir(own, { mode: 0o700 });
  for (const file of bindingFiles(binding, bundle.model)) {
    const path = join(own, file.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeAtomic(path, file.text, file.mode);
    if (facts.user !== undefined) await shareWith(facts.user, path, 0o640);
  }
  // sticky: the daemons make sockets here and cannot put something else in the place of root's files
  if (facts.user !== undefined) await shareWith(facts.user, own, 0o1770);
  const secret: PrivateFacts = {
    digests: staging.digests,
    passwords: staging.passwords,
    relay: relayProcess(edge.paths, staging.runtime, facts.generation, facts.user),
  };
  await writeJson(join(own, "facts.json"), secret, 0o600);
  await writeJson(join(folder, "generation.json"), facts);
  await rename(folder, final.root);
  await syncFolder(edge.paths.generations);
  await setStatus(edge.paths, facts.generation, "staged");
  return binding;
}

async function shareWith(group: number, path: string, mode: number): Promise<void> {
  await chown(path, 0, group);
  await chmod(path, mode);
}
