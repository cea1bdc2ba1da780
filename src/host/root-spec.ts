/** What a private root of Debian packages is made from, and where it lies. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { sortedBy } from "../core/order.ts";

/** An apt repository, named with the key that signs it. */
export interface AptRepository {
  readonly uri: string;
  /** Suite, or a path ending in `/` for a flat repository (sources.list(5)). */
  readonly suite: string;
  readonly components: readonly string[];
  /** Key file, binary (.gpg, .pgp) or armoured (.asc). */
  readonly signedBy: string;
}

export interface RootSpec {
  /** Part of the directory's name: `engine-6.1`, `tools`. */
  readonly name: string;
  /** Debian code name; means the suite with its updates and its security archive. */
  readonly suite?: string;
  /** Repositories beside the suite, or instead of it. */
  readonly repositories?: readonly AptRepository[];
  readonly packages: readonly string[];
  /** Packages that only maintainer scripts need (adduser, debconf, …), treated as installed already. */
  readonly without?: readonly string[];
}

/** One package of a root, as recorded when it was unpacked. */
export interface RootPackage {
  readonly package: string;
  /** Full Debian revision, with epoch. */
  readonly version: string;
  readonly architecture: string;
  readonly file: string;
  readonly uri: string;
  /** Bytes of the .deb. */
  readonly size: number;
  /** Of the .deb, hexadecimal, as in the signed index and as computed from the file. */
  readonly sha256: string;
}

/** An archive that a root was made from. */
export interface RootSource {
  readonly uri: string;
  /** Suites, or one path ending in `/` (sources.list(5)). */
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** True for a repository that was named, false for the Debian archive. */
  readonly named: boolean;
  /** Fingerprints of the keys that may sign its index. */
  readonly keys: readonly string[];
}

/** The content of `root.json`, written last: a root without it does not exist. */
export interface RootManifest {
  readonly version: 1;
  readonly spec: RootSpec;
  readonly architecture: "amd64" | "arm64";
  /** Library folder name: `x86_64-linux-gnu`. */
  readonly triplet: string;
  /** False where the host's apt accepts release files that are out of date. */
  readonly release_dates_checked: boolean;
  /** Roots made by versions of crew that knew no sources have none. */
  readonly sources?: readonly RootSource[];
  readonly packages: readonly RootPackage[];
}

export interface PrivateRoot {
  /** Holds `root.json`, `root/` and `bin/`. */
  readonly directory: string;
  /** The file system of the packages. */
  readonly root: string;
  /** One wrapper per program, to be put on PATH for programs that start others by name. */
  readonly bin: string;
  readonly manifest: RootManifest;
}

/**
 * Where roots are kept: `CREW_ENGINE_DIR`, else below `XDG_CACHE_HOME` where that is set, else
 * `/var/lib/crew-engines` for root, whose home service users cannot enter, and `~/.cache/crew/engines` for others.
 */
export function enginesDirectory(
  env: Readonly<Record<string, string | undefined>>,
  uid: number | undefined = process.getuid?.(),
): string {
  if (env.CREW_ENGINE_DIR) return resolve(env.CREW_ENGINE_DIR);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, "crew", "engines");
  if (uid === 0) return "/var/lib/crew-engines";
  return resolve(env.HOME ?? homedir(), ".cache", "crew", "engines");
}

/** Directory name of a root: its name and a hash of all that it is made from, so that a changed spec is another root. */
export function rootName(spec: RootSpec): string {
  const canonical = JSON.stringify([
    spec.suite ?? null,
    sortedBy(spec.repositories ?? [], (r) => `${r.uri} ${r.suite}`).map((r) => [
      r.uri,
      r.suite,
      r.components,
      r.signedBy,
    ]),
    [...spec.packages].sort(),
    [...(spec.without ?? [])].sort(),
  ]);
  return `${spec.name}-${createHash("sha256").update(canonical).digest("hex").slice(0, 10)}`;
}
