/** The engine of a host: where its programs are, how to start them, and whether they may be used. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { lostCapabilities } from "../engine/capabilities.ts";
import { type EngineLine, type EnginePackage, type EngineRevisions, engineLine } from "../engine/lines.ts";
import { sourceName } from "./apt-sources.ts";
import { type EngineSource, engineRootSpec, namedSource } from "./engine-source.ts";
import { type HostOptions, hostEngine } from "./host-engine.ts";
import { loaderCommand } from "./loader.ts";
import { findRoot } from "./private-root.ts";
import { enginesDirectory, type PrivateRoot, type RootSource } from "./root-spec.ts";
import type { Command } from "./run.ts";

const hostPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** How to start the programs of one place: a private root, or the host. */
export interface Programs {
  /** The command for a program by name. Throws where the place does not hold it: ask `has` first. */
  command(program: string, args?: readonly string[]): Command;
  has(program: string): boolean;
}

export interface EngineRuntime extends Programs {
  readonly line: EngineLine;
  readonly from: "host" | "private_root";
  /** File system of the private root. */
  readonly root?: string;
  /** Folder to put on PATH for supervisors that start programs by name; part of `command().env.PATH` already. */
  readonly bin?: string;
  /** The archives that a private root was made from, where it is recorded. */
  readonly sources?: readonly RootSource[];
  /** Full Debian revisions as installed. */
  readonly versions: EngineRevisions;
  /** For `kamailio -L` and `mpath`. */
  readonly kamailioModules: string;
  /** Dynamic libraries of modules that Kamailio loads by name. */
  readonly libraries: string;
}

/** The programs of a private root, started by the root's own loader with its libraries; scripts by the host's interpreters. */
export async function rootPrograms(root: PrivateRoot): Promise<Programs> {
  const { triplet } = root.manifest;
  const start = await loaderCommand(root.root, triplet);
  const folders = ["usr/sbin", "usr/bin", "usr/libexec"];
  const found = await index(folders.map((f) => join(root.root, f)));
  const libraries = join(root.root, "usr/lib", triplet);
  const env = {
    PATH: [root.bin, ...hostPath].join(":"),
    LC_ALL: "C.UTF-8",
    OPENSSL_MODULES: join(libraries, "ossl-modules"),
    XTABLES_LIBDIR: join(libraries, "xtables"),
  };
  const binaries = new Set(await readdir(root.bin).catch(() => []));
  return programs(found, (path, args) => {
    if (!binaries.has(basename(path)) && !path.includes("/libexec/")) return { file: path, args, env };
    const { file, args: first } = start(path.slice(root.root.length + 1));
    return { file, args: [...first, ...args], env };
  });
}

/** The programs of the host, or of one whose file system is at `prefix`. */
export async function hostPrograms(prefix = "/"): Promise<Programs> {
  const env = { PATH: hostPath.join(":"), LC_ALL: "C.UTF-8" };
  return programs(await index(hostPath.map((f) => join(prefix, f))), (file, args) => ({ file, args, env }));
}

function programs(
  found: ReadonlyMap<string, string>,
  build: (path: string, args: readonly string[]) => Command,
): Programs {
  return {
    has: (program) => found.has(program),
    command(program, args = []) {
      const path = found.get(program);
      if (path === undefined) throw new Error(`no program ${program} in this engine`);
      return build(path, args);
    },
  };
}

/** Program name to path, the first folder wins. */
async function index(folders: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of folders)
    for (const name of await readdir(folder).catch(() => []))
      if (!found.has(name)) found.set(name, join(folder, name));
  return found;
}

export interface FindEngineOptions extends HostOptions {
  /** Default: `enginesDirectory(env)`. */
  readonly directory?: string;
}

/**
 * The engine to use for a line: the one of a source that was named for it (`crew engine install --repository`), else the
 * host's packages where they are of that line and safe, else the private root where it is installed. CREW6920 where there is none; a warning CREW6921 where the host's were passed over, CREW6922
 * where the private root is older than what the line is known to need.
 */
export async function findEngine(
  line: EngineLine,
  env: Readonly<Record<string, string | undefined>>,
  options: FindEngineOptions = {},
): Promise<Result<EngineRuntime>> {
  const directory = options.directory ?? enginesDirectory(env);
  const named = await namedSource(line, directory);
  const host = named === undefined ? await hostEngine(line, options) : { diagnostics: [] };
  if (host.engine) {
    const { versions, kamailioModules } = host.engine;
    const libraries = dirname(dirname(kamailioModules));
    return ok({
      ...(await hostPrograms(options.prefix)),
      line,
      from: "host",
      versions,
      kamailioModules,
      libraries,
    });
  }
  const root = await findRoot(engineRootSpec(line, named), directory);
  if (root === undefined) return failed(...host.diagnostics, notInstalled(line, named));
  const runtime = await rootEngine(line, root);
  const old = lostCapabilities(line, runtime.versions);
  return ok(runtime, [...host.diagnostics, ...(old.length > 0 ? [outdated(line, old)] : [])]);
}

/** The runtime of an installed private root. */
export async function rootEngine(line: EngineLine, root: PrivateRoot): Promise<EngineRuntime> {
  const libraries = join(root.root, "usr/lib", root.manifest.triplet);
  const version = (name: EnginePackage): string =>
    root.manifest.packages.find((p) => p.package === name)?.version ?? "0";
  return {
    ...(await rootPrograms(root)),
    line,
    from: "private_root",
    root: root.root,
    bin: root.bin,
    ...(root.manifest.sources === undefined ? {} : { sources: root.manifest.sources }),
    versions: {
      kamailio: version("kamailio"),
      "rtpengine-daemon": version("rtpengine-daemon"),
      nftables: version("nftables"),
    },
    kamailioModules: join(libraries, "kamailio/modules"),
    libraries,
  };
}

function notInstalled(line: EngineLine, named: EngineSource | undefined): Diagnostic {
  const { reference } = engineLine(line);
  const places = named?.repositories.map(({ suite, ...r }) => sourceName({ ...r, suites: [suite] })) ?? [];
  return {
    code: "CREW6920",
    severity: "error",
    message: `The engine of line ${line} is not installed on this host.`,
    why: named
      ? `It is to come from ${[...places, `Debian ${named.suite}`].join(", ")}, as somebody has named for this host, and its private root is gone.`
      : `Line ${line} is Kamailio ${reference.kamailio} with rtpengine ${reference["rtpengine-daemon"]}; neither the host's packages nor a private root have it.`,
    help: `Run "npx crew engine install --engine ${line}": about 100 MB to fetch, no root needed, the host's packages stay as they are.`,
  };
}

function outdated(line: EngineLine, lost: ReturnType<typeof lostCapabilities>): Diagnostic {
  const reasons = [...new Set(lost.map((l) => l.reason))].join("; ");
  return {
    code: "CREW6922",
    severity: "warning",
    message: `The installed private engine has known holes that newer packages close: ${reasons}.`,
    help: `Run "npx crew engine install --engine ${line} --refresh", then deploy again.`,
  };
}
