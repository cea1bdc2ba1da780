/** Makes and finds private roots: Debian packages unpacked into a folder, without touching the host's packages. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { debianKeyring, openApt } from "./apt.ts";
import { interrupted } from "./apt-problems.ts";
import { loaderCommand } from "./loader.ts";
import { acquireLock } from "./lock.ts";
import {
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

export interface EnsureRootOptions {
  /** Where roots are kept, see `enginesDirectory`. */
  readonly directory: string;
  readonly onProgress?: (progress: RootProgress) => void;
  readonly signal?: AbortSignal;
  /** Debian mirror, default `http://deb.debian.org/debian` (signatures make https needless). */
  readonly mirror?: string;
  /** Mirror of the security archive. */
  readonly securityMirror?: string;
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
  if (there) return ok(there);
  const unable = await precondition(options.directory);
  if (unable) return failed(unable);
  const name = join(options.directory, rootName(spec));
  await mkdir(options.directory, { recursive: true });
  const lock = await acquireLock(`${name}.lock`, {
    onWait: () => options.onProgress?.({ phase: "wait" }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!lock) return failed(interrupted());
  try {
    const made = await findRoot(spec, options.directory);
    return made ? ok(made) : await makeRoot(spec, name, options);
  } finally {
    await lock.release();
  }
}

async function makeRoot(
  spec: RootSpec,
  name: string,
  options: EnsureRootOptions,
): Promise<Result<PrivateRoot>> {
  const progress = options.onProgress ?? (() => {});
  const machine = architectures[process.arch as keyof typeof architectures];
  const keyring = await debianKeyring();
  if (spec.suite !== undefined && keyring === undefined) return failed(noKeyring(spec.suite));
  const work = `${name}.work`;
  const apt = await openApt({
    directory: join(work, "apt"),
    architecture: machine.name,
    sources: aptSources(spec, keyring ?? "", options),
    assumed: spec.without ?? [],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  progress({ phase: "update" });
  const updated = await apt.update();
  if (!updated.value) return failed(...updated.diagnostics);
  progress({ phase: "plan" });
  const plan = await apt.plan(spec.packages);
  if (!plan.value) return failed(...plan.diagnostics);
  const packages = plan.value;
  const known = { totalBytes: packages.reduce((sum, p) => sum + p.size, 0), packages: packages.length };

  const fetched = await fetchChecked(packages, apt.archives, async () =>
    apt.download(spec.packages, (percent) => progress({ phase: "download", percent, ...known })),
  );
  if (!fetched.value) return failed(...fetched.diagnostics);
  progress({ phase: "check", percent: 100, ...known });

  // a plan that changed since the interruption must not be mixed with what was unpacked for the old one
  const image = join(work, `image-${digest(packages.map((p) => p.sha256).join())}`);
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
    packages,
  };
  await writeFile(join(image, "root.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(name, { recursive: true, force: true }); // only ever a folder without root.json
  await rename(image, name);
  await rm(work, { recursive: true, force: true });
  return ok({ directory: name, root: join(name, "root"), bin: join(name, "bin"), manifest });
}

/** Downloads, then compares every file with the index; what differs is thrown away and fetched once more. */
async function fetchChecked(
  packages: readonly RootPackage[],
  archives: string,
  download: () => Promise<Result<true>>,
): Promise<Result<true>> {
  for (let attempt = 0; ; attempt++) {
    // files of an earlier, interrupted run are judged before apt, which looks at their size alone, trusts them
    for (const file of await differing(packages, archives)) await rm(join(archives, file), { force: true });
    const result = await download();
    if (!result.value) return result;
    const bad = await differing(packages, archives);
    if (bad.length === 0) return ok(true);
    if (attempt === 1) return failed(wrongHash(bad));
  }
}

/** Files that are missing or do not have the hash that the signed index names. */
async function differing(packages: readonly RootPackage[], archives: string): Promise<string[]> {
  const bad: string[] = [];
  for (const p of packages) {
    const actual = await sha256(join(archives, p.file)).catch(() => undefined);
    if (actual !== p.sha256) bad.push(p.file);
  }
  return bad;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

/** The deb822 text for a spec; every entry names its key (sources.list(5), Signed-By). */
export function aptSources(
  spec: RootSpec,
  keyring: string,
  mirrors: Pick<EnsureRootOptions, "mirror" | "securityMirror"> = {},
): string {
  const entry = (uri: string, suites: string, components: readonly string[], signedBy: string): string =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\n${components.length > 0 ? `Components: ${components.join(" ")}\n` : ""}Signed-By: ${signedBy}\n`;
  const { suite } = spec;
  const debian =
    suite === undefined
      ? []
      : [
          entry(
            mirrors.mirror ?? "http://deb.debian.org/debian",
            `${suite} ${suite}-updates`,
            ["main"],
            keyring,
          ),
          entry(
            mirrors.securityMirror ?? "http://deb.debian.org/debian-security",
            `${suite}-security`,
            ["main"],
            keyring,
          ),
        ];
  const others = (spec.repositories ?? []).map((r) => entry(r.uri, r.suite, r.components, r.signedBy));
  return [...debian, ...others].join("\n");
}

async function precondition(directory: string): Promise<Diagnostic | undefined> {
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
  return undefined;
}

function noKeyring(suite: string): Diagnostic {
  return {
    code: "CREW6903",
    severity: "error",
    message: `This host has no keys of the Debian archive, so nothing from "${suite}" can be trusted.`,
    why: "Looked for /usr/share/keyrings/debian-archive-keyring.gpg and .pgp.",
    help: "Install the package debian-archive-keyring (Debian and Ubuntu have it).",
  };
}

function wrongHash(files: readonly string[]): Diagnostic {
  return {
    code: "CREW6907",
    severity: "error",
    message: `Downloaded twice and still not what the signed index names: ${files.slice(0, 3).join(", ")}${files.length > 3 ? " …" : ""}`,
    why: "The files were damaged or changed after apt had checked them; they have not been unpacked.",
    help: "Check the disk and who else writes to the engine folder, then run the same command again.",
  };
}
