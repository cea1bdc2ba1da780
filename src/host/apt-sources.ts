/** Which archives a private root is fetched from, and with which keys. */
import { access } from "node:fs/promises";
import type { RootSpec } from "./root-spec.ts";

export interface Mirrors {
  /** Debian mirror, default `http://deb.debian.org/debian` (signatures make https needless). */
  readonly mirror?: string;
  /** Mirror of the security archive, default `http://deb.debian.org/debian-security`. */
  readonly securityMirror?: string;
  /** File with the keys of the Debian archive, default the host's. */
  readonly keyring?: string;
}

/** The deb822 text for a spec; every entry names its key (sources.list(5), Signed-By). */
export function aptSources(spec: RootSpec, keyring: string, mirrors: Mirrors = {}): string {
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

/** The file with the keys of the Debian archive on this host, else `undefined`. */
export async function debianKeyring(): Promise<string | undefined> {
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
