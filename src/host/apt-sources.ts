/** Which archives a private root is fetched from, and with which keys. */
import { access } from "node:fs/promises";
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { readKeyFile } from "./openpgp.ts";
import type { RootSource, RootSpec } from "./root-spec.ts";

export interface Mirrors {
  /** Debian mirror, default `http://deb.debian.org/debian` (signatures make https needless). */
  readonly mirror?: string;
  /** Mirror of the security archive, default `http://deb.debian.org/debian-security`. */
  readonly securityMirror?: string;
  /** File with the keys of the Debian archive, default the host's. */
  readonly keyring?: string;
}

/** A source with the file that holds its keys. */
export interface AptSource extends RootSource {
  readonly signedBy: string;
}

/**
 * The sources of a spec with their keys read: repositories first, since of two packages with the same version apt takes
 * that of the first source. CREW6903 on a host without Debian's keys, CREW6913 where a key file is of no use.
 */
export async function aptSources(
  spec: RootSpec,
  mirrors: Mirrors = {},
): Promise<Result<readonly AptSource[]>> {
  const { suite } = spec;
  const sources: Omit<AptSource, "keys">[] = (spec.repositories ?? []).map((r) => ({
    uri: r.uri,
    suites: [r.suite],
    components: r.components,
    named: true,
    signedBy: r.signedBy,
  }));
  if (suite !== undefined) {
    const signedBy = mirrors.keyring ?? (await debianKeyring());
    if (signedBy === undefined) return failed(noKeyring(suite));
    const debian = { components: ["main"], named: false, signedBy };
    const archive = mirrors.mirror ?? "http://deb.debian.org/debian";
    const security = mirrors.securityMirror ?? "http://deb.debian.org/debian-security";
    sources.push({ uri: archive, suites: [suite, `${suite}-updates`], ...debian });
    sources.push({ uri: security, suites: [`${suite}-security`], ...debian });
  }
  const read = await Promise.all(
    sources.map(async (source) => ({ source, keys: await readKeyFile(source.signedBy) })),
  );
  const problems = read.flatMap(({ keys }) => keys.diagnostics);
  const unique = problems.filter((p, i) => problems.findIndex((q) => q.message === p.message) === i);
  if (unique.length > 0) return failed(...unique);
  return ok(read.map(({ source, keys }) => ({ ...source, keys: keys.value?.fingerprints ?? [] })));
}

/** The deb822 text for sources; every entry names its key (sources.list(5), Signed-By). */
export function sourcesText(sources: readonly AptSource[]): string {
  return sources
    .map(({ uri, suites, components, signedBy }) =>
      [
        "Types: deb",
        `URIs: ${copied(uri)}`,
        `Suites: ${suites.join(" ")}`,
        ...(components.length > 0 ? [`Components: ${components.join(" ")}`] : []),
        `Signed-By: ${signedBy}`,
        "",
      ].join("\n"),
    )
    .join("\n");
}

/** apt leaves packages of a `file:` source where they are; those of a `copy:` source it puts with all others. */
function copied(uri: string): string {
  return uri.replace(/^file:(?:\/\/(?=\/))?/, "copy:");
}

/** The source that apt speaks of: `URI SUITE InRelease`, `URI SUITE/COMPONENT`, or the address of a file of it. */
export function sourceAt(text: string, sources: readonly AptSource[]): AptSource | undefined {
  const named = sources.find(({ uri, suites }) =>
    suites.some((suite) => {
      const names = [`${bare(uri)} ${suite}`, `${bare(uri)}/ ${suite}`, `${bare(uri)}/dists/${suite}`];
      const ends = suite.endsWith("/") ? [""] : [" ", "/"];
      return names.some((name) => ends.some((end) => text.includes(name + end)));
    }),
  );
  return named ?? sources.find(({ uri }) => text.includes(`${bare(uri)}/`));
}

/** Whether a package was taken from a source. */
export function isFrom(packageUri: string, source: RootSource): boolean {
  return packageUri.startsWith(`${bare(source.uri)}/`);
}

function bare(uri: string): string {
  return copied(uri).replace(/\/+$/, "");
}

/** How a source is named to people: `http://deb.kamailio.org/kamailio61 trixie main`. */
export function sourceName({ uri, suites, components }: Omit<RootSource, "keys" | "named">): string {
  return [uri, ...suites, ...components].join(" ");
}

/** The file with the keys of the Debian archive on this host, else `undefined`. */
async function debianKeyring(): Promise<string | undefined> {
  for (const path of [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
  ])
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
}

function noKeyring(suite: string): Diagnostic {
  return {
    code: "CREW6903",
    severity: "error",
    message: `This host has no keys of the Debian archive, so nothing from "${suite}" can be trusted.`,
    why: "Looked for /usr/share/keyrings/debian-archive-keyring.gpg and .pgp.",
    help: "Install the package debian-archive-keyring (Debian and Ubuntu have it), or name a key file with CREW_DEBIAN_KEYRING.",
  };
}
