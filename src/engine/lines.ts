/** The engine lines: which Debian suite carries which Kamailio and rtpengine, and what a private root of it holds. */

/** A line is named after its Kamailio. */
export const engineLines = ["6.1", "6.0", "5.6"] as const;
export type EngineLine = (typeof engineLines)[number];
export const defaultEngineLine: EngineLine = "6.1";

/** Packages whose version decides what an engine can do and what is unsafe on it. */
export const enginePackages = ["kamailio", "rtpengine-daemon", "nftables"] as const;
export type EnginePackage = (typeof enginePackages)[number];
/** Full Debian revisions by package. */
export type EngineRevisions = Readonly<Record<EnginePackage, string>>;

export interface EngineLineInfo {
  readonly line: EngineLine;
  readonly debian: { readonly suite: string; readonly release: string };
  /** Upstream series, as a prefix of the package version. */
  readonly kamailio: string;
  readonly rtpengine: string;
  /** The newest revisions of the suite, its updates and its security archive that the capability table speaks of. */
  readonly reference: EngineRevisions;
  /** Packages of a private root. */
  readonly packages: readonly string[];
  /** Packages that only maintainer scripts call; a private root runs none. */
  readonly without: readonly string[];
}

/**
 * s6 supervises where there is no systemd: `s6-supervise`, one per process. `s6-svscan` does not run out of a private
 * root, as it starts /usr/bin/s6-supervise by that path.
 */
const packages = [
  "kamailio",
  "kamailio-extra-modules",
  "kamailio-utils-modules",
  "kamailio-tls-modules",
  "rtpengine-daemon",
  "nftables",
  "iproute2",
  "s6",
  "util-linux",
];

const without = [
  "adduser",
  "base-passwd",
  "debconf",
  "init-system-helpers",
  "passwd",
  "perl",
  "perl-base",
  "python3",
];

const lines: Readonly<Record<EngineLine, EngineLineInfo>> = {
  "6.1": {
    line: "6.1",
    debian: { suite: "forky", release: "Debian testing (forky)" },
    kamailio: "6.1.",
    rtpengine: "26.0.",
    reference: { kamailio: "6.1.5-1", "rtpengine-daemon": "26.0.1.26-1", nftables: "1.1.7-3" },
    packages,
    without,
  },
  "6.0": {
    line: "6.0",
    debian: { suite: "trixie", release: "Debian 13 (trixie)" },
    kamailio: "6.0.",
    rtpengine: "12.5.",
    reference: { kamailio: "6.0.1-1+deb13u2", "rtpengine-daemon": "12.5.1.31-1", nftables: "1.1.3-1" },
    packages,
    without,
  },
  "5.6": {
    line: "5.6",
    debian: { suite: "bookworm", release: "Debian 12 (bookworm)" },
    kamailio: "5.6.",
    rtpengine: "10.5.",
    reference: {
      kamailio: "5.6.3-2",
      "rtpengine-daemon": "10.5.3.5-1+deb12u1",
      nftables: "1.0.6-2+deb12u2",
    },
    packages,
    without,
  },
};

export function engineLine(line: EngineLine): EngineLineInfo {
  return lines[line];
}

export function isEngineLine(text: string): text is EngineLine {
  return (engineLines as readonly string[]).includes(text);
}
