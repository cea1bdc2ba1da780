/** A lock between processes: a directory that names its owner, taken over when the owner is gone. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

export interface Lock {
  release(): Promise<void>;
}

export interface LockOwner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot (proc(5), field 22 of stat): tells a reused pid. */
  readonly started: string;
  /** Boot and process name space, within which pids can be compared. */
  readonly space: string;
  readonly token: string;
}

export interface LockOptions {
  /** Called once when another process holds the lock. */
  readonly onWait?: (owner: LockOwner | undefined) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for the other process; default: as long as it takes. */
  readonly timeout?: number;
}

const heartbeat = 5_000;
/** An owner that cannot be looked up by pid (other container, other host) is gone after this many milliseconds without a heartbeat. */
const silence = 60_000;

/**
 * Takes the lock `path`, waiting for its owner. `undefined` means that the wait was aborted or timed out.
 * Throws only where the parent directory cannot be written.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock | undefined> {
  const owner: LockOwner = {
    pid: process.pid,
    started: (await startTime(process.pid)) ?? "",
    space: await processSpace(),
    token: randomBytes(8).toString("hex"),
  };
  const deadline = options.timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeout;
  let waiting = false;
  for (;;) {
    if (options.signal?.aborted) return undefined;
    if (await tryTake(path, owner)) return holding(path, owner);
    const other = await readOwner(path);
    if (await isGone(path, other)) {
      await removeStale(path, other);
      continue;
    }
    if (Date.now() >= deadline) return undefined;
    if (!waiting) {
      waiting = true;
      options.onWait?.(other);
    }
    await sleep(200);
  }
}

/** The directory appears whole, with its owner inside: rename fails where one is there. */
async function tryTake(path: string, owner: LockOwner): Promise<boolean> {
  const candidate = `${path}.${owner.token}`;
  await mkdir(candidate);
  await writeFile(`${candidate}/owner.json`, JSON.stringify(owner));
  try {
    await rename(candidate, path);
    return true;
  } catch (error) {
    await rm(candidate, { recursive: true, force: true });
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

function holding(path: string, owner: LockOwner): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(`${path}/owner.json`, now, now).catch(() => {});
  }, heartbeat);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await readOwner(path))?.token === owner.token) await rm(path, { recursive: true, force: true });
    },
  };
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(`${path}/owner.json`, "utf8")) as LockOwner;
  } catch {
    return undefined;
  }
}

async function isGone(path: string, owner: LockOwner | undefined): Promise<boolean> {
  if (owner !== undefined && owner.space !== "" && owner.space === (await processSpace())) {
    const started = await startTime(owner.pid);
    return started === undefined || started !== owner.started;
  }
  const seen = await stat(`${path}/owner.json`).catch(() => stat(path).catch(() => undefined));
  return seen !== undefined && Date.now() - seen.mtimeMs > silence;
}

/** Moves a dead owner's lock away; two waiters may find it dead at once, so a fresh lock caught by mistake is put back. */
async function removeStale(path: string, seen: LockOwner | undefined): Promise<void> {
  const aside = `${path}.stale-${randomBytes(8).toString("hex")}`;
  const current = await readOwner(path);
  if (current?.token !== seen?.token) return;
  await rename(path, aside).catch(() => {});
  const moved = await readOwner(aside);
  if (moved !== undefined && moved.token !== seen?.token) await rename(aside, path).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}

async function startTime(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

async function processSpace(): Promise<string> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    return `${boot} ${await readlink("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}
