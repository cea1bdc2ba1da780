/** Unpacks Debian packages into a folder and makes it a place that programs can run from. */
import { chmod, lstat, mkdir, open, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { interrupted } from "./apt-problems.ts";
import type { RootPackage } from "./root-spec.ts";
import { describeEnd, run } from "./run.ts";

const base = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };
/** Nothing of this is read by a program; it is a fifth of the size. */
const trimmed = ["doc", "man", "locale", "info", "lintian", "bug", "icons", "doc-base"];

/** The exit code of dpkg-deb goes to standard output, that of tar is the script's. */
const script =
  'umask 022; { { dpkg-deb --fsys-tarfile "$1"; echo $? >&3; } | ' +
  `tar -x -C "$2" --no-same-owner --keep-directory-symlink ${trimmed.map((t) => `--exclude=./usr/share/${t}`).join(" ")}; } 3>&1`;

/** Lays out the folder before the first package: one tree under /usr, whatever the suite's own layout is. */
export async function prepareLayout(root: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

export interface UnpackOptions {
  readonly archives: string;
  readonly root: string;
  /** Folder with one empty file per package that is done; lets an interrupted run go on. */
  readonly done: string;
  readonly onPackage: (finished: number) => void;
  readonly signal?: AbortSignal;
}

/** Unpacks in the given order, two packages at a time. Without owner, set-uid bits and what `trimmed` names. */
export async function unpackAll(
  packages: readonly RootPackage[],
  options: UnpackOptions,
): Promise<Result<true>> {
  await mkdir(options.done, { recursive: true });
  const done = new Set(await readdir(options.done));
  const queue = packages.filter((p) => !done.has(p.file));
  let finished = packages.length - queue.length;
  let problem: Diagnostic | undefined;
  const worker = async (): Promise<void> => {
    for (let p = queue.shift(); p !== undefined && problem === undefined; p = queue.shift()) {
      const end = await run(
        {
          file: "/bin/sh",
          args: ["-c", script, "sh", join(options.archives, p.file), options.root],
          env: base,
        },
        { timeout: 600_000, ...(options.signal ? { signal: options.signal } : {}) },
      );
      if (!end.ok || end.stdout.trim() !== "0") {
        problem ??=
          end.outcome === "aborted"
            ? interrupted()
            : cannotUnpack(p.file, `${describeEnd(end)}: ${end.stderr.trim().slice(-300)}`);
        return;
      }
      await writeFile(join(options.done, p.file), "");
      finished += 1;
      options.onPackage(finished);
    }
  };
  await Promise.all([worker(), worker()]);
  return problem ? failed(problem) : ok(true);
}

function cannotUnpack(file: string, why: string): Diagnostic {
  return {
    code: "CREW6912",
    severity: "error",
    message: `Package ${file} cannot be unpacked: ${why}`,
    help: "Check that the disk has room (about 1 GB) and that dpkg-deb and tar are there, then run the same command again.",
  };
}

/** Library folders of a root that hold shared objects which others link to. */
export async function libraryDirectories(root: string, triplet: string): Promise<string[]> {
  const main = join(root, "usr/lib", triplet);
  const nested: string[] = [];
  for (const entry of await readdir(main, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    const files = await readdir(join(main, entry.name)).catch(() => []);
    if (files.some((f) => /^lib.*\.so\.\d/.test(f))) nested.push(join(main, entry.name));
  }
  return [main, ...nested.sort(), join(root, "usr/lib")];
}

/** Makes the SONAME links that packages leave to ldconfig(8). */
export async function linkLibraries(root: string, triplet: string): Promise<Result<true>> {
  const directories = await libraryDirectories(root, triplet);
  const end = await run({ file: "ldconfig", args: ["-n", ...directories], env: base });
  return end.ok
    ? ok(true)
    : failed(cannotUnpack("(library links)", `ldconfig ${describeEnd(end)}: ${end.stderr.trim()}`));
}

/** Absolute links point out of the root; those whose target is inside become relative. Returns how many. */
export async function makeLinksRelative(root: string): Promise<number> {
  let changed = 0;
  const walk = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isSymbolicLink()) {
        const target = await readlink(path);
        if (!target.startsWith("/") || !(await lstat(join(root, target)).catch(() => undefined))) continue;
        await rm(path);
        await symlink(relative(dirname(path), join(root, target)), path);
        changed += 1;
      }
    }
  };
  await walk(root);
  return changed;
}

/**
 * Writes `bin/NAME` for each ELF program of the root: a script that starts it with the root's own loader and
 * libraries. `finalRoot` is the path that the root will have in the end.
 */
export async function writeWrappers(
  root: string,
  bin: string,
  loaderArguments: (program: string) => { readonly file: string; readonly args: readonly string[] },
): Promise<void> {
  await mkdir(bin, { recursive: true });
  for (const folder of ["usr/bin", "usr/sbin"]) {
    for (const name of await readdir(join(root, folder)).catch(() => [])) {
      if (!(await isElf(join(root, folder, name)))) continue;
      const { file, args } = loaderArguments(`${folder}/${name}`);
      const words = [file, ...args].map((w) => `'${w}'`).join(" ");
      await writeFile(join(bin, name), `#!/bin/sh\nexec ${words} "$@"\n`);
      await chmod(join(bin, name), 0o755);
    }
  }
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString("latin1") === "\x7fELF";
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
