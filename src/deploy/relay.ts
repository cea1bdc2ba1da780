/** rtpengine under supervision: one process for all generations, restarted only where its configuration changed. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Manifest } from "../bundle/bundle.ts";
import { type NgMessage, ngClient } from "../host/ng.ts";
import type { Edge } from "./edge.ts";
import { readJson, writeJson } from "./state/files.ts";
import type { PrivateFacts } from "./state/generations.ts";
import { type EdgePaths, generationPaths } from "./state/paths.ts";

export const relayService = "rtpengine";

/** Where rtpengine listens for commands (the `rtpengine` target writes the same). */
export const relayControl = { address: "127.0.0.1", port: 2223 } as const;

interface RelayState {
  /** Whose configuration it runs with. */
  readonly generation: number;
}

function stateFile(paths: EdgePaths): string {
  return join(paths.root, "relay.json");
}

/** The generation whose configuration rtpengine runs with, where it is meant to run. */
export async function relayGeneration(paths: EdgePaths): Promise<number | undefined> {
  return (await readJson<RelayState>(stateFile(paths)))?.generation;
}

/** Asks rtpengine; `undefined` where it does not answer within the time (milliseconds). */
export async function askRelay(message: NgMessage, timeoutMs = 1000): Promise<NgMessage | undefined> {
  const client = ngClient({ ...relayControl, timeoutMs });
  try {
    return await client.request(message);
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** Starts rtpengine, or starts it anew, with a generation's configuration. True once it answers. */
export async function runRelay(edge: Edge, generation: number, timeout = 8000): Promise<boolean> {
  const facts = await readJson<PrivateFacts>(
    join(generationPaths(edge.paths, generation).private, "facts.json"),
  );
  if (facts === undefined) return false;
  await writeJson(stateFile(edge.paths), { generation } satisfies RelayState);
  if (edge.supervisor.state(relayService).main !== undefined) await edge.supervisor.down(relayService);
  await edge.supervisor.install(facts.relay);
  await edge.supervisor.up(relayService);
  return answers(timeout);
}

/** Stops rtpengine and forgets it. */
export async function stopRelay(edge: Edge): Promise<boolean> {
  const stopped = await edge.supervisor.down(relayService, { remove: true });
  await rm(stateFile(edge.paths), { force: true });
  return stopped;
}

async function answers(timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (performance.now() < deadline) {
    if ((await askRelay({ command: "ping" }, 300))?.result === "pong") return true;
    await sleep(50);
  }
  return false;
}

/** Whether another configuration than that of the generation that rtpengine runs with is to come. */
export async function relayChanges(edge: Edge, generation: number, next: Manifest): Promise<boolean> {
  const file = join(generationPaths(edge.paths, generation).bundle, "manifest.json");
  const hash = (manifest: Manifest | undefined): string | undefined =>
    manifest?.artifacts.find((a) => a.path === "rtpengine/rtpengine.conf")?.sha256;
  return hash(await readJson<Manifest>(file)) !== hash(next);
}
