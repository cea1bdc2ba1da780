/** The supervised processes of an edge: rtpengine, one Kamailio for each generation, the guard. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../core/package.ts";
import type { EngineRuntime } from "../host/runtime.ts";
import type { Model } from "../model/model.ts";
import { type KamailioBinding, kamailioArguments } from "../targets/kamailio/binding.ts";
import { asUser } from "./daemon-user.ts";
import type { Edge } from "./edge.ts";
import { firstUnprivilegedPort, listenersOf } from "./ports.ts";
import { relayService } from "./relay.ts";
import { kamailioService } from "./state/generations.ts";
import { type EdgePaths, generationPaths } from "./state/paths.ts";
import type { Service } from "./supervise/scripts.ts";

export const guardService = "guard";

export function kamailioProcess(
  paths: EdgePaths,
  runtime: EngineRuntime,
  binding: KamailioBinding,
  model: Model,
  user?: number,
): Service {
  const args = [...kamailioArguments(binding, model), "-L", runtime.kamailioModules];
  const privileged = listenersOf(model).some(({ port }) => port < firstUnprivilegedPort());
  const { file, args: all, env } = asUser(runtime.command("kamailio", args), user, runtime, privileged);
  return {
    name: kamailioService(binding.generation),
    argv: [file, ...all],
    env,
    directory: binding.privateDirectory,
    log: join(paths.log, "kamailio.log"),
    patience: 4000,
  };
}

/** No kernel forwarding: its module is not in Debian's kernel, and a table that cannot be opened ends rtpengine. */
export function relayProcess(
  paths: EdgePaths,
  runtime: EngineRuntime,
  generation: number,
  user?: number,
): Service {
  const conf = join(generationPaths(paths, generation).bundle, "rtpengine", "rtpengine.conf");
  const command = runtime.command("rtpengine", [
    `--config-file=${conf}`,
    "--foreground",
    "--log-stderr",
    "--table=-1",
  ]);
  const { file, args, env } = asUser(command, user, runtime);
  return {
    name: relayService,
    argv: [file, ...args],
    env,
    directory: "/",
    log: join(paths.log, "rtpengine.log"),
    patience: 4000,
  };
}

/**
 * The guard. A packaged one is copied into the state folder, so that the edge lives on without the package; from a source
 * checkout it runs where it is.
 */
async function guardProcess(paths: EdgePaths): Promise<Service> {
  const packaged = join(packageRoot(), "lib", "guard.js");
  const kept = join(paths.root, "guard.mjs");
  const isPackaged = !import.meta.url.endsWith(".ts");
  if (isPackaged && !(await sameContent(packaged, kept))) await copyFile(packaged, kept);
  const program = isPackaged
    ? [kept]
    : ["--import", import.meta.resolve("tsx"), fileURLToPath(new URL("./guard.ts", import.meta.url))];
  return {
    name: guardService,
    argv: [process.execPath, ...program, paths.root],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    directory: "/",
    log: join(paths.log, "guard.log"),
    patience: 2000,
  };
}

async function sameContent(a: string, b: string): Promise<boolean> {
  return existsSync(b) && (await readFile(a)).equals(await readFile(b));
}

/** Starts the guard where it does not run, and anew where it is of another version. */
export async function runGuard(edge: Edge): Promise<void> {
  await mkdir(edge.paths.run, { recursive: true });
  const service = await guardProcess(edge.paths);
  const changed = await edge.supervisor.install(service);
  if (changed && edge.supervisor.state(guardService).main !== undefined)
    await edge.supervisor.down(guardService);
  await edge.supervisor.up(guardService);
}
