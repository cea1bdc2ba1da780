/** Makes and finds private roots: Debian packages unpacked into a folder, without touching the host's packages. */
import { createHash } from "node:crypto";
import { access, constants, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { type Apt, type Candidate, openApt } from "./apt.ts";
import { interrupted } from "./apt-problems.ts";
import { type AptSource, aptSources, isFrom, type Mirrors, sourceName } from "./apt-sources.ts";
import { fetchChecked } from "./fetch.ts";
import { loaderCommand } from "./loader.ts";
import { acquireLock } from "./lock.ts";
import {
  enginesDirectory,
  type PrivateRoot,
  type RootManifest,
  type RootPackage,
  type RootSpec,
  rootName,
} from "./root-spec.ts";
import { linkLibraries, makeLinksRelative, prepareLayout, unpackAll, writeWrappers } from "./unpack.ts";

export interface RootProgress {
  readonly phase: "wait" | "update" | "plan" | "download" | "check" | "unpack" | "finish";
  /** 0 to 100, of this phase. */
  readonly percent?: number;
  /** Bytes to download in all, once known. */
  readonly totalBytes?: number;
  /** Packages in all, once known. */
  readonly packages?: number;
}

export interface EnsureRootOptions extends Mirrors {
  /** Where roots are kept, see `enginesDirectory`. */
  readonly directory: string;
  /** Ask the archive again, and replace a complete root where it has newer packages. */
  readonly refresh?: boolean;
  /**
   * Chooses among the versions that the sources have of the spec's packages, before anything is downloaded; gives what
   * apt is to install, `NAME` or `NAME=VERSION`. Default: of each package the newest.
   */
  readonly choose?: (candidates: readonly Candidate[]) => Result<readonly string[]>;
  readonly onProgress?: (progress: RootProgress) => void;
  readonly signal?: AbortSignal;
}

/** The options that a user sets through the environment: `CREW_ENGINE_DIR`, `CREW_DEBIAN_MIRROR`, `CREW_DEBIAN_SECURITY_MIRROR`, `CREW_DEBIAN_KEYRING`. */
export function rootOptions(env: Readonly<Record<string, string | undefined>>): EnsureRootOptions {
  return {
    directory: enginesDirectory(env),
    ...(env.CREW_DEBIAN_MIRROR ? { mirror: env.CREW_DEBIAN_MIRROR } : {}),
    ...(env.CREW_DEBIAN_SECURITY_MIRROR ? { securityMirror: env.CREW_DEBIAN_SECURITY_MIRROR } : {}),
    ...(env.CREW_DEBIAN_KEYRING ? { keyring: env.CREW_DEBIAN_KEYRING } : {}),
  };
}

const architectures = {
  x64: { name: "amd64", triplet: "x86_64-linux-gnu" },
  arm64: { name: "arm64", triplet: "aarch64-linux-gnu" },
} as const;

/** The root of a spec where it is complete, without making one. */
export async function findRoot(spec: RootSpec, directory: string): Promise<PrivateRoot | undefined> {
  const own = join(directory, rootName(spec));
  try {
    const manifest = JSON.parse(await readFile(join(own, "root.json"), "utf8")) as RootManifest;
    return { directory: own, root: join(own, "root"), bin: join(own, "bin"), manifest };
  } catch {
    return undefined;
  }
}

/**
 * The root of a spec, made now where it is not there yet. Signatures are checked by apt, the hash of each package
 * against the signed index once more before it is unpacked. A run that was interrupted at any point is continued;
 * runs at the same time wait for each other. Problems: CREW69xx.
 */
export async function ensureRoot(spec: RootSpec, options: EnsureRootOptions): Promise<Result<PrivateRoot>> {
  const there = await findRoot(spec, options.directory);
  if (there && !options.refresh) return ok(there);
  const unable = await folderProblem(options.directory);
  if (unable) return failed(unable);
  const name = join(options.directory, rootName(spec));
  const lock = await acquireLock(`${name}.lock`, {
    onWait: () => options.onProgress?.({ phase: "wait" }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!lock) return failed(interrupted());
  try {
    const made = await findRoot(spec, options.directory);
    return made && !options.refresh ? ok(made) : await makeRoot(spec, name, options, made);
  } finally {
    await lock.release();
  }
}

async function makeRoot(
  spec: RootSpec,
  name: string,
  options: EnsureRootOptions,
  old: PrivateRoot | undefined,
): Promise<Result<PrivateRoot>> {
  const progress = options.onProgress ?? (() => {});
  const machine = architectures[process.arch as keyof typeof architectures];
  const read = await aptSources(spec, options);
  const sources = read.value;
  if (sources === undefined) return failed(...read.diagnostics);
  const work = `${name}.work`;
  const apt = await openApt({
    directory: join(work, "apt"),
    architecture: machine.name,
    sources,
    assumed: spec.without ?? [],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  progress({ phase: "update" });
  const updated = await apt.update();
  if (!updated.value) return failed(...updated.diagnostics);
  progress({ phase: "plan" });
  const chosen = await choose(apt, spec.packages, options.choose);
  if (!chosen.value) return failed(...chosen.diagnostics);
  const wanted = chosen.value;
  const plan = await apt.plan(wanted);
  if (!plan.value) return failed(...plan.diagnostics);
  const packages = plan.value;
  const idle = sources.find((s) => s.named && !packages.some((p) => isFrom(p.uri, s)));
  if (idle !== undefined) return failed(nothingTaken(idle, spec.packages));
  if (old && hashes(old.manifest.packages) === hashes(packages)) {
    await rm(work, { recursive: true, force: true });
    return ok(old);
  }
  const known = { totalBytes: packages.reduce((sum, p) => sum + p.size, 0), packages: packages.length };

  const fetched = await fetchChecked(packages, apt.archives, async () =>
    apt.download(wanted, (percent) => progress({ phase: "download", percent, ...known })),
  );
  if (!fetched.value) return failed(...fetched.diagnostics);
  progress({ phase: "check", percent: 100, ...known });

  // a plan that changed since the interruption must not be mixed with what was unpacked for the old one
  const image = join(work, `image-${digest(hashes(packages))}`);
  const root = join(image, "root");
  await mkdir(root, { recursive: true });
  await prepareLayout(root);
  progress({ phase: "unpack", percent: 0, ...known });
  const unpacked = await unpackAll(packages, {
    archives: apt.archives,
    root,
    done: join(image, "done"),
    onPackage: (n) => progress({ phase: "unpack", percent: (100 * n) / packages.length, ...known }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!unpacked.value) return failed(...unpacked.diagnostics);

  progress({ phase: "finish" });
  await makeLinksRelative(root);
  const linked = await linkLibraries(root, machine.triplet);
  if (!linked.value) return failed(...linked.diagnostics);
  await rm(join(image, "bin"), { recursive: true, force: true });
  const command = await loaderCommand(root, machine.triplet, join(name, "root"));
  await writeWrappers(root, join(image, "bin"), command);
  await rm(join(image, "done"), { recursive: true, force: true });
  const manifest: RootManifest = {
    version: 1,
    spec,
    architecture: machine.name,
    triplet: machine.triplet,
    release_dates_checked: apt.releaseDatesChecked,
    sources: sources.map(({ signedBy: _, ...source }) => source),
    packages,
  };
  await writeFile(join(image, "root.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  // programs that run from an older root keep their open files; its folder goes last
  await rm(join(work, "old"), { recursive: true, force: true });
  await rename(name, join(work, "old")).catch(() => {});
  await rename(image, name);
  await rm(work, { recursive: true, force: true });
  return ok({ directory: name, root: join(name, "root"), bin: join(name, "bin"), manifest });
}

function hashes(packages: readonly RootPackage[]): string {
  return packages.map((p) => p.sha256).join();
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

/** Why no root can be made in a folder, which is made where it is not there yet: CREW6900, CREW6902, CREW6919. */
export async function folderProblem(directory: string): Promise<Diagnostic | undefined> {
  if (process.platform !== "linux" || !(process.arch in architectures))
    return {
      code: "CREW6900",
      severity: "error",
      message: `Private roots need Linux on amd64 or arm64; this is ${process.platform} on ${process.arch}.`,
      help: "check, build, plan and trace work here; verify and deploy need a Linux host.",
    };
  if (/[\s:;'"\\]/.test(directory))
    return {
      code: "CREW6902",
      severity: "error",
      message: `Engines cannot be kept in ${JSON.stringify(directory)}: white space, quotes, colons and semicolons end a path for the loader and for apt.`,
      help: "Name another folder with CREW_ENGINE_DIR.",
    };
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (error) {
    return {
      code: "CREW6919",
      severity: "error",
      message: `Engines cannot be written to ${directory} (${(error as NodeJS.ErrnoException).code ?? error}).`,
      help: "Name a folder of this user's with CREW_ENGINE_DIR, or run the command as the owner of this one.",
    };
  }
  return undefined;
}

async function choose(
  apt: Apt,
  packages: readonly string[],
  decide: EnsureRootOptions["choose"],
): Promise<Result<readonly string[]>> {
  if (decide === undefined) return ok(packages);
  const candidates = await apt.candidates(packages);
  return candidates.value ? decide(candidates.value) : failed(...candidates.diagnostics);
}

function nothingTaken(source: AptSource, packages: readonly string[]): Diagnostic {
  return {
    code: "CREW6905",
    severity: "error",
    message: `Nothing is taken from "${sourceName(source)}": it has none of ${packages.join(", ")} for this architecture, and nothing that they need.`,
    why: "A repository that was named and gives nothing would leave everything to the Debian suite unnoticed.",
    help: "Check its address, suite and component, or leave it out.",
  };
}
