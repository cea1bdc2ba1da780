/** Has the running proxy read its certificate files again when they were replaced; open connections go on as they are. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { modelFile } from "../../bundle/bundle.ts";
import type { Model, NetworkModel } from "../../model/model.ts";
import { callRpc } from "../../verify/binrpc.ts";
import { controlSocket } from "../control.ts";
import type { Edge } from "../edge.ts";
import { readJson } from "../state/files.ts";
import { currentGeneration, readStatus } from "../state/generations.ts";
import { generationPaths } from "../state/paths.ts";

/** Kamailio keeps what it read before until nobody uses it any more, so that it must not be told too often. */
const pauseMs = 10_000;

/** What the guard remembers between looks; lost without harm. */
export interface Certificates {
  generation?: number;
  /** The files as the proxy has read them. */
  taken?: string;
  /** When it was last told, by the clock of `now`. */
  told?: number;
}

/** One look. Files that do not fit each other yet, as while they are being copied, are left for the next one. */
export async function renewCertificates(
  edge: Edge,
  known: Certificates,
  now = performance.now(),
): Promise<void> {
  const generation = await currentGeneration(edge.paths);
  if (generation === undefined) return;
  const tls = (await modelOf(edge, generation))?.edge.network.tls;
  if (tls === undefined) return;
  const files = await filesOf(tls);
  if (files === undefined) return;
  if (known.generation !== generation) {
    known.generation = generation;
    delete known.taken;
    const since = Date.parse((await readStatus(edge.paths, generation))?.since ?? "");
    if (!(files.newest > since)) known.taken = files.text;
  }
  if (files.text === known.taken || now - (known.told ?? -pauseMs) < pauseMs) return;
  if (!(await belongTogether(tls))) return;
  known.told = now;
  const answer = await callRpc(controlSocket(edge, generation), "tls.reload", [], { timeout: 5000 });
  if (!answer.ok) throw new Error(`generation ${generation} does not take its new certificate`);
  known.taken = files.text;
  console.error(`Generation ${generation} has taken its new certificate.`);
}

type TlsModel = NonNullable<NetworkModel["tls"]>;

function modelOf(edge: Edge, generation: number): Promise<Model | undefined> {
  return readJson(join(generationPaths(edge.paths, generation).bundle, modelFile));
}

async function filesOf(
  tls: TlsModel,
): Promise<{ readonly text: string; readonly newest: number } | undefined> {
  const paths = [tls.certificate, tls.private_key, ...(tls.ca === undefined ? [] : [tls.ca])];
  try {
    const all = await Promise.all(paths.map((path) => stat(path)));
    return {
      text: all.map((s) => `${s.ino} ${s.size} ${s.mtimeMs}`).join("\n"),
      newest: Math.max(...all.map((s) => s.mtimeMs)),
    };
  } catch {
    return undefined;
  }
}

async function belongTogether(tls: TlsModel): Promise<boolean> {
  try {
    const leaf = new X509Certificate(await readFile(tls.certificate));
    return leaf.checkPrivateKey(createPrivateKey(await readFile(tls.private_key)));
  } catch {
    return false;
  }
}
