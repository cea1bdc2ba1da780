/** The engine of a host: where its programs are, how to start them, and whether they may be used. */
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { lostCapabilities } from "../engine/capabilities.ts";
import {
  type EngineLine,
  type EnginePackage,
  type EngineRevisions,
  engineLine,
  enginePackages,
} from "../engine/lines.ts";
import { loaderCommand } from "./loader.ts";
import { findRoot } from "./private-root.ts";
import { enginesDirectory, type PrivateRoot, type RootSpec } from "./root-spec.ts";
import { type Command, run } from "./run.ts";

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
  /** Full Debian revisions as installed. */
  readonly versions: EngineRevisions;
  /** For `kamailio -L` and `mpath`. */
  readonly kamailioModules: string;
  /** Dynamic libraries of modules that Kamailio loads by name. */
  readonly libraries: string;
}

/** The spec of a line's private root. */
export function engineRootSpec(line: EngineLine): RootSpec {
  const { debian, packages, without } = engineLine(line);
  return { name: `engine-${line}`, suite: debian.suite, packages, without };
}

/** The programs of a private root, each started by the root's own loader with the root's libraries. */
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
  return programs(found, (path, args) => {
    const { file, args: first } = start(path.slice(root.root.length + 1));
    return { file, args: [...first, ...args], env };
  });
}

/** The programs of the host. */
export async function hostPrograms(): Promise<Programs> {
  const env = { PATH: hostPath.join(":"), LC_ALL: "C.UTF-8" };
  return programs(await index(hostPath), (file, args) => ({ file, args, env }));
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

export interface FindEngineOptions {
  /** Default: `enginesDirectory(env)`. */
  readonly directory?: string;
}

/**
 * The engine to use for a line: the host's packages where they are of that line and safe, else the private root
 * where it is installed. CREW6920 where there is none; a warning CREW6921 where the host's were passed over, CREW6922
 * where the private root is older than what the line is known to need.
 */
export async function findEngine(
  line: EngineLine,
  env: Readonly<Record<string, string | undefined>>,
  options: FindEngineOptions = {},
): Promise<Result<EngineRuntime>> {
  const host = await hostEngine(line);
  if (host.runtime) return ok(host.runtime);
  const root = await findRoot(engineRootSpec(line), options.directory ?? enginesDirectory(env));
  if (root === undefined) return failed(...host.diagnostics, notInstalled(line));
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
    versions: {
      kamailio: version("kamailio"),
      "rtpengine-daemon": version("rtpengine-daemon"),
      nftables: version("nftables"),
    },
    kamailioModules: join(libraries, "kamailio/modules"),
    libraries,
  };
}

/** The host's own engine, or the reason (a warning, only where the host has one at all) why it is not used. */
async function hostEngine(line: EngineLine): Promise<{ runtime?: EngineRuntime; diagnostics: Diagnostic[] }> {
  const installed = await hostRevisions();
  const { kamailio, "rtpengine-daemon": rtpengine, nftables } = installed;
  if (kamailio === undefined || rtpengine === undefined || nftables === undefined) return { diagnostics: [] };
  const info = engineLine(line);
  const versions: EngineRevisions = { kamailio, "rtpengine-daemon": rtpengine, nftables };
  if (!kamailio.startsWith(info.kamailio) || !rtpengine.startsWith(info.rtpengine))
    return { diagnostics: [] };
  const lost = lostCapabilities(line, versions);
  if (lost.length > 0) return { diagnostics: [passedOver(versions, lost)] };
  const modules = await kamailioModules();
  if (modules === undefined) return { diagnostics: [] };
  const libraries = modules.slice(0, -"/kamailio/modules".length);
  return {
    runtime: { ...(await hostPrograms()), line, from: "host", versions, kamailioModules: modules, libraries },
    diagnostics: [],
  };
}

/** Full Debian revisions of the host's engine packages; empty on a host without dpkg. */
export async function hostRevisions(): Promise<Partial<EngineRevisions>> {
  const args = ["-W", "-f", `\${Package} \${Version} \${db:Status-Status}\\n`, ...enginePackages];
  const result = await run(
    { file: "dpkg-query", args, env: { PATH: hostPath.join(":"), LC_ALL: "C.UTF-8" } },
    { timeout: 10_000 },
  );
  const found: Partial<Record<EnginePackage, string>> = {};
  for (const row of result.stdout.split("\n")) {
    const [name, version, status] = row.split(" ");
    const known = enginePackages.find((p) => p === name);
    if (known !== undefined && version && status === "installed") found[known] = version;
  }
  return found;
}

async function kamailioModules(): Promise<string | undefined> {
  for (const triplet of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    const path = `/usr/lib/${triplet}/kamailio/modules`;
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

function notInstalled(line: EngineLine): Diagnostic {
  return {
    code: "CREW6920",
    severity: "error",
    message: `The engine of line ${line} is not installed on this host.`,
    why: `Line ${line} is Kamailio ${engineLine(line).reference.kamailio} with rtpengine ${engineLine(line).reference["rtpengine-daemon"]}; neither the host's packages nor a private root have it.`,
    help: `Run "npx crew engine install --engine ${line}": about 100 MB to fetch, no root needed, the host's packages stay as they are.`,
  };
}

type Lost = ReturnType<typeof lostCapabilities>;

function passedOver(versions: EngineRevisions, lost: Lost): Diagnostic {
  return {
    code: "CREW6921",
    severity: "warning",
    message: `The host's Kamailio ${versions.kamailio} and rtpengine ${versions["rtpengine-daemon"]} are not used: ${reasons(lost)}.`,
    help: "Update the host's packages from its security archive, or use the private root.",
  };
}

function outdated(line: EngineLine, lost: Lost): Diagnostic {
  return {
    code: "CREW6922",
    severity: "warning",
    message: `The installed private engine has known holes that newer packages close: ${reasons(lost)}.`,
    help: `Run "npx crew engine install --engine ${line} --refresh", then deploy again.`,
  };
}

function reasons(lost: Lost): string {
  return [...new Set(lost.map((l) => l.reason))].join("; ");
}
