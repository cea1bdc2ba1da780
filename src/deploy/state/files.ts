/** Files that survive a crash at any moment: written beside, flushed, then renamed. */
import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

async function flush(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames and new names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await flush(await open(folder, "r"));
}

/** Replaces a file in one step; readers see the old or the new text, never a part. */
export async function writeAtomic(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.new`;
  const handle = await open(beside, "w", mode);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode);
  } finally {
    await flush(handle);
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

export function writeJson(path: string, value: unknown, mode = 0o644): Promise<void> {
  return writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}

/** The parsed content, or `undefined` where there is no such file or it is no JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Renames and says whether this caller was the one who did: of several that try, one succeeds. */
export async function claim(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  await syncFolder(dirname(to));
  return true;
}
