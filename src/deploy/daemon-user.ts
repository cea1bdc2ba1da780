/** Whom Kamailio and rtpengine run as: nobody in particular where root deploys, else the one who deploys. */
import { readFileSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.ts";
import { type Command, describeEnd, run } from "../host/run.ts";
import type { Programs } from "../host/runtime.ts";
import { problems } from "./problems.ts";
import { hasCapability } from "./supervise/process.ts";

/** User and group; in a range that neither distributions nor systemd give to anybody. */
export const daemonUser = 60_960;

const capabilities = { setgid: 6, setuid: 7, setpcap: 8 } as const;

export interface DaemonUserChoice {
  /** Absent where the daemons run as the one who deploys. */
  readonly user?: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * `daemonUser` where this process may become that user, and that user can start the engine and read `file`; a warning,
 * CREW6029, where root deploys and that user cannot.
 */
export async function chooseDaemonUser(programs: Programs, file: string): Promise<DaemonUserChoice> {
  if (!mayBecome(daemonUser)) return { diagnostics: [] };
  const read = { file: "/bin/sh", args: ["-c", '[ -r "$1" ]', "sh", file], env: {} };
  const probes: readonly (readonly [what: string, command: Command])[] = [
    ["start the engine", programs.command("kamailio", ["-v"])],
    [`read ${file}`, read],
  ];
  for (const [what, command] of probes) {
    const end = await run(asUser(command, daemonUser, programs), { timeout: 10_000 });
    if (!end.ok) {
      const reason = end.stderr.trim().split("\n")[0] || describeEnd(end);
      return { diagnostics: [problems.runsAsRoot(daemonUser, what, reason)] };
    }
  }
  return { user: daemonUser, diagnostics: [] };
}

/** The command run as a user without any capability but, where asked for, the one to bind to ports below 1024. */
export function asUser(
  command: Command,
  user: number | undefined,
  programs: Programs,
  bindsPrivileged = false,
): Command {
  if (user === undefined) return command;
  const kept = bindsPrivileged ? "-all,+net_bind_service" : "-all";
  const { file, args } = programs.command("setpriv", [
    `--reuid=${user}`,
    `--regid=${user}`,
    "--clear-groups",
    "--no-new-privs",
    `--inh-caps=${kept}`,
    `--ambient-caps=${kept}`,
    `--bounding-set=${kept}`,
    "--",
    command.file,
    ...command.args,
  ]);
  return { file, args, env: command.env };
}

/** Whether this process may; in a user namespace without that user (user_namespaces(7)) nobody may. */
function mayBecome(user: number): boolean {
  const mapped = ["uid_map", "gid_map"].every((map) =>
    readFileSync(`/proc/self/${map}`, "latin1")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([inside = 0, , count = 0]) => user >= inside && user < inside + count),
  );
  return mapped && Object.values(capabilities).every(hasCapability);
}
