import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { acquireLock } from "../../src/host/lock.ts";

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "crew-lock-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const foreign = (change: object) =>
  JSON.stringify({ pid: 1, started: "0", space: "other boot pid:[1]", token: "t", ...change });

async function held(owner: string): Promise<string> {
  const path = join(directory, "x.lock");
  await mkdir(path);
  await writeFile(join(path, "owner.json"), owner);
  return path;
}

test("is held by one at a time and leaves nothing behind", async () => {
  const path = join(directory, "x.lock");
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await acquireLock(path);
      most = Math.max(most, ++inside);
      await new Promise((done) => setTimeout(done, 5));
      inside--;
      await lock?.release();
    }),
  );
  expect(most).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

test("says who is waited for, and gives up in time or when aborted", async () => {
  const path = join(directory, "x.lock");
  const lock = await acquireLock(path);
  const waited: unknown[] = [];
  const onWait = (owner: unknown) => waited.push(owner);
  expect(await acquireLock(path, { timeout: 300, onWait })).toBeUndefined();
  expect(waited).toEqual([expect.objectContaining({ pid: process.pid })]);
  expect(await acquireLock(path, { signal: AbortSignal.timeout(100) })).toBeUndefined();
  await lock?.release();
});

test("is taken from a process that is gone, at once", async () => {
  const child = spawn("true");
  await new Promise((done) => child.on("exit", done));
  const probe = await acquireLock(join(directory, "probe"));
  const own = JSON.parse(await readFile(join(directory, "probe/owner.json"), "utf8"));
  await probe?.release();
  const path = await held(JSON.stringify({ ...own, pid: child.pid, token: "dead" }));
  expect(await acquireLock(path, { timeout: 100 })).toBeDefined();
  // the same pid, but started at another time: a process that only has the number
  await rm(path, { recursive: true });
  await held(JSON.stringify({ ...own, started: "1", token: "reused" }));
  expect(await acquireLock(path, { timeout: 100 })).toBeDefined();
});

test("of another container or host is respected while its heart beats", async () => {
  const path = await held(foreign({}));
  expect(await acquireLock(path, { timeout: 100 })).toBeUndefined();
  const old = new Date(Date.now() - 120_000);
  await utimes(join(path, "owner.json"), old, old);
  expect(await acquireLock(path, { timeout: 100 })).toBeDefined();
});

test("released late does not take away the next owner's", async () => {
  const path = join(directory, "x.lock");
  const first = await acquireLock(path);
  await rm(path, { recursive: true });
  const second = await acquireLock(path);
  await first?.release();
  expect(await acquireLock(path, { timeout: 100 })).toBeUndefined();
  await second?.release();
});
