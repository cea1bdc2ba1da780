/** Folders that are written to, and why one cannot be. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it; `directory` is absolute. One after the other, since Node's own way never ends below /proc, where
 * folders can be asked for and never made.
 *
 * @throws the system's error
 */
export function makeFolder(directory: string): void {
  const missing: string[] = [];
  for (let at = directory; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !existsSync(folder)) throw error;
    }
  }
  mkdirSync(directory, { recursive: true });
}

/** The reason in words where an error is the system's refusal to write; nothing where it is something else. */
export function refusal(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  return refusals[code] ?? code;
}

/** The reason in words where the disk takes no more; nothing where an error is something else. */
export function fullDisk(error: unknown): string | undefined {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["ENOSPC", "EDQUOT", "EROFS", "EIO"].includes(code) ? (refusals[code] ?? code) : undefined;
}

const refusals: Readonly<Record<string, string>> = {
  EEXIST: "it is a file",
  ENOENT: "no folder can be made there",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "a folder is where a file has to go",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EIO: "the disk fails",
};
