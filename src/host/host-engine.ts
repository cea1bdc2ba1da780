/** The engine that the host's own packages make, and whether it may be used. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { lostCapabilities } from "../engine/capabilities.ts";
import {
  type EngineLine,
  type EnginePackage,
  type EngineRevisions,
  engineLine,
  enginePackages,
} from "../engine/lines.ts";
import { run } from "./run.ts";

export interface HostOptions {
  /** Folder of dpkg's database, default that of the host. */
  readonly dpkg?: string;
  /** Folder that the host's file system is looked for in, default `/`. */
  readonly prefix?: string;
}

export interface HostEngine {
  readonly versions: EngineRevisions;
  readonly kamailioModules: string;
}

/**
 * The host's engine of a line, where its packages are all there and have no hole that the line's current packages
 * close. A host that has the line and may not be used for it gets a warning, CREW6921; one without it gets nothing.
 */
export async function hostEngine(
  line: EngineLine,
  options: HostOptions = {},
): Promise<{ readonly engine?: HostEngine; readonly diagnostics: readonly Diagnostic[] }> {
  const info = engineLine(line);
  const needed = info.packages.filter((p) => /^(?:kamailio|rtpengine|nftables|s6$)/.test(p));
  const installed = await installedVersions(needed, options);
  const versions = engineRevisions(installed);
  const { kamailio, "rtpengine-daemon": rtpengine, nftables } = versions;
  if (!kamailio?.startsWith(info.kamailio) || !rtpengine?.startsWith(info.rtpengine))
    return { diagnostics: [] };
  const missing = needed.filter((p) => !installed.has(p));
  if (nftables === undefined || missing.length > 0)
    return { diagnostics: [passedOver(kamailio, rtpengine, `missing ${missing.join(", ")}`)] };
  const full = { kamailio, "rtpengine-daemon": rtpengine, nftables };
  const lost = [...new Set(lostCapabilities(line, full).map((l) => l.reason))];
  if (lost.length > 0) return { diagnostics: [passedOver(kamailio, rtpengine, lost.join("; "))] };
  for (const triplet of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    const kamailioModules = join(options.prefix ?? "/", "usr/lib", triplet, "kamailio/modules");
    const there = await access(kamailioModules).then(
      () => true,
      () => false,
    );
    if (there) return { engine: { versions: full, kamailioModules }, diagnostics: [] };
  }
  return { diagnostics: [passedOver(kamailio, rtpengine, "no folder of Kamailio modules in /usr/lib")] };
}

/** Full Debian revisions of the host's engine packages; empty on a host without dpkg. */
export async function hostRevisions(options: HostOptions = {}): Promise<Partial<EngineRevisions>> {
  return engineRevisions(await installedVersions(enginePackages, options));
}

function engineRevisions(installed: ReadonlyMap<string, string>): Partial<EngineRevisions> {
  const found: Partial<Record<EnginePackage, string>> = {};
  for (const p of enginePackages) {
    const version = installed.get(p);
    if (version !== undefined) found[p] = version;
  }
  return found;
}

async function installedVersions(
  packages: readonly string[],
  options: HostOptions,
): Promise<ReadonlyMap<string, string>> {
  const admin = options.dpkg === undefined ? [] : [`--admindir=${options.dpkg}`];
  // a package that is unknown makes the exit code 1; what is known is printed all the same
  const format = `\${Package} \${Version} \${db:Status-Status}\\n`;
  const result = await run(
    {
      file: "dpkg-query",
      args: [...admin, "-W", "-f", format, ...packages],
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    },
    { timeout: 10_000 },
  );
  const rows = result.stdout.split("\n").map((row) => row.split(" "));
  return new Map(
    rows.flatMap(([name, version, status]) =>
      name && version && status === "installed" ? [[name, version] as const] : [],
    ),
  );
}

function passedOver(kamailio: string, rtpengine: string, why: string): Diagnostic {
  return {
    code: "CREW6921",
    severity: "warning",
    message: `The host's Kamailio ${kamailio} and rtpengine ${rtpengine} are not used: ${why}.`,
    help: "Update or complete the host's packages from its security archive, or use the private root.",
  };
}
