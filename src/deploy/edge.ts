/** What every operation on a deployed edge works with: its folder, the programs of its engine, its supervisor. */
import type { Command } from "../host/run.ts";
import { readJson, writeJson } from "./state/files.ts";
import { type EdgePaths, edgePaths } from "./state/paths.ts";
import { type Programs, type Supervisor, s6Supervisor } from "./supervise/s6.ts";

export interface Edge {
  readonly paths: EdgePaths;
  readonly programs: Programs;
  readonly supervisor: Supervisor;
}

/** Programs that the guard and `crew down` start, also after the package or the config is gone. */
const kept = ["s6-supervise", "s6-svc", "nft"] as const;

export function openEdge(root: string, programs: Programs): Edge {
  const paths = edgePaths(root);
  return { paths, programs, supervisor: s6Supervisor(paths, programs) };
}

/** Keeps how the engine's programs are started, for those who come later without the engine. */
export async function keepPrograms(paths: EdgePaths, programs: Programs): Promise<void> {
  const commands = Object.fromEntries(kept.map((name) => [name, programs.command(name)]));
  await writeJson(paths.programs, commands);
}

/** The edge of a state folder as a former deployment left it; `undefined` where there was none. */
export async function reopenEdge(root: string): Promise<Edge | undefined> {
  const commands = await readJson<Readonly<Record<string, Command>>>(edgePaths(root).programs);
  if (commands === undefined) return undefined;
  return openEdge(root, {
    command(program, args = []) {
      const command = commands[program];
      if (command === undefined) throw new Error(`no program ${program} in programs.json`);
      return { ...command, args: [...command.args, ...args] };
    },
  });
}
