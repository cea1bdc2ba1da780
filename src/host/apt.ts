/** apt with private directories: updates, plans and downloads without a word to the host's own package state. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failed, ok, type Result } from "../core/result.ts";
import { aptProblem } from "./apt-problems.ts";
import { type AptSource, sourceAt, sourcesText } from "./apt-sources.ts";
import type { RootPackage } from "./root-spec.ts";
import { type RunResult, run } from "./run.ts";

export interface AptOptions {
  /** Holds lists, archives and the configuration; survives an interruption. */
  readonly directory: string;
  readonly architecture: string;
  readonly sources: readonly AptSource[];
  /** Packages to treat as installed. */
  readonly assumed: readonly string[];
  readonly signal?: AbortSignal;
}

/** A version of a package that can be had from a source. */
export interface Candidate {
  readonly package: string;
  readonly version: string;
  readonly source: AptSource;
}

export interface Apt {
  readonly archives: string;
  /** False where the host's configuration tells apt to accept out-of-date release files. */
  readonly releaseDatesChecked: boolean;
  /** Fetches the indexes; every signature and hash on the way is checked by apt. */
  update(): Promise<Result<true>>;
  /** All versions of packages and where they can be had, the newest first. */
  candidates(packages: readonly string[]): Promise<Result<readonly Candidate[]>>;
  /** What `packages` (`NAME` or `NAME=VERSION`) and their dependencies are, in the order to unpack; hashes from the signed indexes. */
  plan(packages: readonly string[]): Promise<Result<readonly RootPackage[]>>;
  /** Puts every .deb of the plan into `archives`; goes on where an earlier call was interrupted. */
  download(packages: readonly string[], onPercent: (percent: number) => void): Promise<Result<true>>;
}

const hour = 3_600_000;
const base = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" };

/** Writes the private configuration; nothing of the host's apt configuration applies but how to reach the network. */
export async function openApt(options: AptOptions): Promise<Apt> {
  const { directory } = options;
  const archives = join(directory, "archives");
  const nothing = join(directory, "nothing");
  for (const d of ["lists/partial", "archives/partial", "nothing/partial", "sources.list.d"])
    await mkdir(join(directory, d), { recursive: true });
  await writeFile(join(directory, "status"), assumedStatus(options.assumed, options.architecture));
  await writeFile(join(directory, "sources.list.d", "crew.sources"), sourcesText(options.sources));
  const network = await hostNetworkSettings();
  const settings = [
    ["Dir::Etc::main", "/dev/null"],
    ["Dir::Etc::parts", "/dev/null"],
    ["Dir::Etc::sourcelist", "/dev/null"],
    ["Dir::Etc::sourceparts", join(directory, "sources.list.d")],
    ["Dir::Etc::preferences", "/dev/null"],
    ["Dir::Etc::preferencesparts", "/dev/null"],
    ["Dir::State", directory],
    ["Dir::State::lists", join(directory, "lists")],
    ["Dir::State::status", join(directory, "status")],
    ["Dir::State::extended_states", join(directory, "extended_states")],
    ["Dir::Log", directory],
    ["Dir::Cache", directory],
    ["Dir::Cache::archives", archives],
    ["APT::Architecture", options.architecture],
    ["APT::Architectures", options.architecture],
    ["APT::Install-Recommends", "false"],
    ["APT::Install-Suggests", "false"],
    ["APT::Sandbox::User", process.getuid?.() === 0 ? "root" : ""],
    ["APT::Get::AllowUnauthenticated", "false"],
    ["APT::Update::Error-Mode", "any"],
    ["Acquire::AllowInsecureRepositories", "false"],
    ["Acquire::AllowWeakRepositories", "false"],
    ["Acquire::AllowDowngradeToInsecureRepositories", "false"],
    ["Acquire::ForceHash", "SHA256"],
    ["Acquire::Languages", "none"],
    ["Acquire::GzipIndexes", "true"],
    ["Acquire::PDiffs", "false"],
    ["Acquire::Retries", "3"],
    ...network,
  ];
  const config = join(directory, "apt.conf");
  // 0600: the address of a proxy may hold a password
  await writeFile(config, settings.map(([k, v]) => `${k} "${v}";\n`).join(""), { mode: 0o600 });

  const environment = { ...base, ...proxyEnvironment(), APT_CONFIG: config };
  const aptGet = async (
    args: readonly string[],
    what: { readonly timeout: number; readonly onStatusLine?: (line: string) => void },
  ): Promise<RunResult> => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const result = await run(
        { file: "apt-get", args, env: environment },
        { ...what, ...(options.signal ? { signal: options.signal } : {}), maxOutput: 8 << 20 },
      );
      // apt-get of an interrupted run may still hold its own lock for a moment
      if (result.ok || !/Could not get lock/.test(result.stderr) || Date.now() > deadline) return result;
      await sleep(1000);
    }
  };
  const judged = <T>(result: RunResult, value: () => Result<T>): Result<T> =>
    result.ok ? value() : failed(aptProblem(result, options.sources));

  return {
    archives,
    releaseDatesChecked: !network.some(([k, v]) => k === "Acquire::Check-Valid-Until" && v === "false"),
    async update() {
      return judged(await aptGet(["-qq", "update"], { timeout: hour }), () => ok(true));
    },
    async candidates(packages) {
      const result = await run(
        { file: "apt-cache", args: ["madison", ...packages], env: environment },
        { timeout: 120_000, maxOutput: 8 << 20, ...(options.signal ? { signal: options.signal } : {}) },
      );
      return judged(result, () => ok(parseMadison(result.stdout, options.sources)));
    },
    async plan(packages) {
      // against an empty archive: apt names only what it would fetch; "-qq" would hide why packages do not fit together
      const args = [
        "-q",
        "-y",
        "-o",
        `Dir::Cache::archives=${nothing}`,
        "--print-uris",
        "install",
        ...packages,
      ];
      const result = await aptGet(args, { timeout: 120_000 });
      return judged(result, () => ok(parseUris(result.stdout)));
    },
    async download(packages, onPercent) {
      const onStatusLine = (line: string): void => {
        const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
        if (percent !== undefined) onPercent(Number(percent));
      };
      const args = ["-qq", "-y", "-o", "APT::Status-Fd=3", "--download-only", "install", ...packages];
      return judged(await aptGet(args, { timeout: 6 * hour, onStatusLine }), () => ok(true));
    },
  };
}

/** Reads the lines of `apt-cache madison`: `NAME | VERSION | URI SUITE/COMPONENT ARCHITECTURE Packages`. */
function parseMadison(text: string, sources: readonly AptSource[]): Candidate[] {
  return text.split("\n").flatMap((line) => {
    const [name, version, where] = line.split("|").map((column) => column.trim());
    const source = where?.endsWith(" Packages") ? sourceAt(where, sources) : undefined;
    return name && version && source ? [{ package: name, version, source }] : [];
  });
}

/** Reads the lines of `apt-get --print-uris`: `'URI' FILE SIZE SHA256:HASH`. */
export function parseUris(text: string): RootPackage[] {
  const packages: RootPackage[] = [];
  for (const line of text.split("\n")) {
    const m = /^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line.trim());
    const [, uri, file, size, sha256] = m ?? [];
    const name = /^([^_]+)_([^_]+)_([^_]+)\.deb$/.exec(file ?? "");
    const [, pkg, version, architecture] = name ?? [];
    if (!uri || !file || !size || !sha256 || !pkg || !version || !architecture) continue;
    packages.push({
      package: pkg,
      version: decodeURIComponent(version),
      architecture,
      file,
      uri,
      size: Number(size),
      sha256,
    });
  }
  return packages;
}

function assumedStatus(packages: readonly string[], architecture: string): string {
  return packages
    .map(
      (p) =>
        `Package: ${p}\nStatus: install ok installed\nArchitecture: ${architecture}\nMulti-Arch: allowed\n` +
        `Maintainer: none <none@invalid>\nVersion: 9999\nDescription: not needed in a private root\n`,
    )
    .join("\n");
}

/**
 * The host's ways to the network (proxies, certificates, address family) and its administrator's decision about
 * out-of-date release files. Hooks, pins and permissions to skip signatures are not taken over.
 */
async function hostNetworkSettings(): Promise<[string, string][]> {
  const dump = await run({ file: "apt-config", args: ["dump", "Acquire"], env: base }, { timeout: 10_000 });
  if (!dump.ok) return [];
  const wanted =
    /^Acquire::(?:(?:http|https)::.+|ForceIPv[46]|Check-Valid-Until|Check-Date|Max-FutureTime) "([^"]*)";$/;
  const settings: [string, string][] = [];
  for (const line of dump.stdout.split("\n")) {
    const m = wanted.exec(line);
    if (m) settings.push([line.slice(0, line.indexOf(" ")), m[1] ?? ""]);
  }
  return settings;
}

function proxyEnvironment(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["http_proxy", "https_proxy", "no_proxy", "all_proxy"]) {
    const value = process.env[name] ?? process.env[name.toUpperCase()];
    if (value) found[name] = value;
  }
  return found;
}
