/**
 * Keeps processes running on a host without systemd: one `s6-supervise` per process. There is no `s6-svscan`, which starts
 * its children by an absolute path that a private root does not have; the guard watches the supervisors instead.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, run } from "../../host/run.ts";
import { writeAtomic } from "../state/files.ts";
import type { EdgePaths } from "../state/paths.ts";
import { groupMembers, isAlive, type ProcessId, processSpace, signalGroup, uptime } from "./process.ts";
import { finishScript, runScript, type Service } from "./scripts.ts";

/** How programs are started; what the guard needs of an engine. */
export interface Programs {
  command(program: string, args?: readonly string[]): Command;
}

export interface ServiceState {
  readonly name: string;
  /** Somebody restarts it when it dies. */
  readonly supervised: boolean;
  /** The main process, where it runs. */
  readonly main?: ProcessId;
  /** Seconds. */
  readonly uptime?: number;
  /** All processes of it. */
  readonly pids: readonly number[];
}

export interface Supervisor {
  /** Writes or replaces the scripts; a running process is not touched. True where they changed. */
  install(service: Service): Promise<boolean>;
  /** Starts it and keeps it running. */
  up(name: string): Promise<void>;
  /** Stops it for good, main process first, then what is left of its group; true where nothing is left. */
  down(name: string, options?: { readonly remove?: boolean }): Promise<boolean>;
  state(name: string): ServiceState;
  /** The main process, without a look at all processes of the host. */
  main(name: string): ProcessId | undefined;
  names(): readonly string[];
  /** Starts a supervisor for everything that has lost its own. */
  revive(): void;
}

/** Marks a folder that is on its way out, for `revive`. */
const goingAway = "going-away";

/** Milliseconds between SIGTERM and SIGKILL; 0 where an installation was cut short before it wrote them and nothing ever ran. */
function patienceOf(at: string): number {
  const file = join(at, "timeout-kill");
  return existsSync(file) ? Number(readFileSync(file, "latin1")) : 0;
}

export function s6Supervisor(paths: EdgePaths, programs: Programs): Supervisor {
  const folder = (name: string): string => join(paths.services, name);
  const control = (name: string, letters: string): Promise<unknown> =>
    run(programs.command("s6-svc", [`-${letters}`, folder(name)]), { timeout: 5000 });
  const supervise = (name: string): void => {
    const { file, args, env } = programs.command("s6-supervise", [folder(name)]);
    const log = openSync(join(paths.log, "supervise.log"), "a");
    const child = spawn(file, args, { env, cwd: "/", detached: true, stdio: ["ignore", log, log] });
    child.on("error", () => {});
    child.unref();
    closeSync(log);
  };

  return {
    async install(service) {
      const at = folder(service.name);
      await mkdir(at, { recursive: true });
      await mkdir(paths.log, { recursive: true });
      await rm(join(at, goingAway), { force: true });
      await writeAtomic(join(at, "timeout-kill"), `${service.patience}\n`);
      const { file, args } = programs.command("s6-svc", ["-u", at]);
      await writeAtomic(join(at, "finish"), finishScript([file, ...args]), 0o755);
      const script = runScript(service);
      const before = await readFile(join(at, "run"), "utf8").catch(() => undefined);
      if (before !== script) await writeAtomic(join(at, "run"), script, 0o755);
      return before !== script;
    },
    async up(name) {
      await rm(join(folder(name), "down"), { force: true });
      if (supervised(folder(name))) await control(name, "u");
      else supervise(name);
    },
    async down(name, options = {}) {
      const at = folder(name);
      if (!existsSync(at)) return true;
      await writeFile(join(at, options.remove ? goingAway : "down"), "");
      if (options.remove) await writeFile(join(at, "down"), "");
      const patience = patienceOf(at);
      const main = record(at);
      const left = (): number => (main === undefined ? 0 : ours(main));
      if (supervised(at)) await control(name, options.remove ? "dx" : "d");
      else if (main !== undefined && isAlive(main)) signalGroup(main.pid, "SIGTERM");
      await until(() => left() === 0, patience + 500);
      if (main !== undefined && left() > 0) signalGroup(main.pid, "SIGKILL");
      const gone = await until(() => left() === 0 && !(options.remove && supervised(at)), 2000);
      if (gone && options.remove) await rm(at, { recursive: true, force: true });
      return gone;
    },
    state(name) {
      const main = record(folder(name));
      const running = main !== undefined && isAlive(main);
      return {
        name,
        supervised: supervised(folder(name)),
        ...(running ? { main, uptime: uptime(main) } : {}),
        pids: main === undefined || ours(main) === 0 ? [] : groupMembers(main.pid),
      };
    },
    main(name) {
      const main = record(folder(name));
      return main !== undefined && isAlive(main) ? main : undefined;
    },
    names: () => services(paths.services),
    revive() {
      for (const name of services(paths.services))
        if (!existsSync(join(folder(name), goingAway)) && !supervised(folder(name))) supervise(name);
    },
  };
}

function services(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, "run")))
      .sort();
  } catch {
    return [];
  }
}

/** The main process as its run script recorded it, where that was in this boot and pid name space. */
function record(folder: string): ProcessId | undefined {
  try {
    const [pid = "", started = "", ...space] = readFileSync(join(folder, "process"), "latin1")
      .trim()
      .split(" ");
    return space.join(" ") === processSpace() && Number(pid) > 1 ? { pid: Number(pid), started } : undefined;
  } catch {
    return undefined;
  }
}

/** Members of the group that the process led; 0 where its pid belongs to another process by now. */
function ours(main: ProcessId): number {
  const members = groupMembers(main.pid);
  return members.includes(main.pid) && !isAlive(main) ? 0 : members.length;
}

/** A supervisor reads its control FIFO: opening that for writing fails where there is none. */
function supervised(folder: string): boolean {
  try {
    closeSync(openSync(join(folder, "supervise/control"), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** Looks every 20 ms until it holds or the time (milliseconds) is over. */
export async function until(holds: () => boolean, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
