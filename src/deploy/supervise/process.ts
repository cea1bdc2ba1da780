/** Processes as the kernel knows them (proc(5)): identity that survives the reuse of pids, groups, uptime. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A pid together with the process's start, in clock ticks since boot (field 22 of `/proc/<pid>/stat`). */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly started: string;
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", group: Number(fields[2]), started: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** The identity of a running process; `undefined` where there is none or only a zombie. */
export function identify(pid: number): ProcessId | undefined {
  const s = stat(pid);
  return s === undefined || s.state === "Z" || s.state === "X" ? undefined : { pid, started: s.started };
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started;
}

/** Seconds since the process started. */
export function uptime(id: ProcessId): number {
  const up = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
  return Math.max(0, up - Number(id.started) / 100);
}

/** Running members of a process group, zombies left out. */
export function groupMembers(group: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const s = stat(pid);
      return s !== undefined && s.group === group && s.state !== "Z" && s.state !== "X";
    });
}

/** Sends a signal to a process group; false where it has no members that we may signal. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Tells one start of the host from another (random(4)). */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/** Boot and pid name space, within which pids can be compared. */
export function processSpace(): string {
  return `${bootId()} ${readlinkSync("/proc/self/ns/pid")}`;
}

/** True where this process has the capability (capabilities(7) numbers; CAP_NET_ADMIN is 12). */
export function hasCapability(bit: number): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "latin1"));
  return line?.[1] !== undefined && ((BigInt(`0x${line[1]}`) >> BigInt(bit)) & 1n) === 1n;
}
