/** What is known to be unsafe, by full Debian revision. */
import type { CapabilityName } from "./capability-names.ts";
import { compareVersions } from "./dpkg-version.ts";
import type { EnginePackage } from "./lines.ts";

export interface Advisory {
  /** CVE, or the upstream issue where there is none. */
  readonly id: string;
  readonly package: EnginePackage;
  /** What happens, one sentence. */
  readonly summary: string;
  /** What must not be used on an affected revision. */
  readonly affects: readonly CapabilityName[];
  /** Affected revisions: from the first inclusive to the second exclusive; without a second there is no fix in that series. */
  readonly affected: readonly (readonly [from: string, before?: string])[];
  /** Where to read about it. */
  readonly source: string;
}

/** Sources: Debian changelogs and patches, upstream release notes and issues, checked in November 2026. */
export const advisories: readonly Advisory[] = [
  {
    id: "CVE-2025-53399",
    package: "rtpengine-daemon",
    summary:
      "Where the media address is learned from the first packets, anybody who can reach the RTP ports can take the audio of a call or speak into it",
    affects: ["learned_media"],
    affected: [
      ["0", "10.5.3.5-1+deb12u1"],
      ["11.0", "12.5.1.48"],
      ["13.0", "13.4"],
    ],
    source: "https://github.com/sipwise/rtpengine/security (ES2025-01)",
  },
  {
    id: "ES2023-03",
    package: "rtpengine-daemon",
    summary: "A spoofed DTLS hello keeps a call's SRTP from starting",
    affects: ["dtls", "webrtc"],
    affected: [
      ["0", "10.5.6.2"],
      ["11.0", "11.5.1.16"],
      ["12.0", "12.1.1.2"],
    ],
    source: "Enable Security advisory ES2023-03",
  },
  {
    id: "CVE-2026-39863",
    package: "kamailio",
    summary:
      "An oversized Content-Length on a TCP or TLS connection makes Kamailio write out of bounds before any check of the caller",
    affects: ["tcp", "tcp_public", "tls", "tls_client_certificate"],
    affected: [
      ["0", "5.8.8"],
      ["6.0.0", "6.0.1-1+deb13u2"],
      ["6.0.1+", "6.0.6"],
      ["6.1.0", "6.1.1"],
    ],
    source: "https://security-tracker.debian.org/tracker/CVE-2026-39863",
  },
  {
    id: "CVE-2026-39864",
    package: "kamailio",
    summary: "The auth module reads an uninitialised header pointer when it checks a digest response",
    affects: ["digest_inbound", "sha256_digest"],
    affected: [
      ["0", "5.8.8"],
      ["6.0.0", "6.0.1-1+deb13u2"],
      ["6.0.1+", "6.0.6"],
      ["6.1.0", "6.1.1"],
    ],
    source: "https://security-tracker.debian.org/tracker/CVE-2026-39864",
  },
  {
    id: "kamailio#3791",
    package: "kamailio",
    summary:
      "Kamailio's TLS crashes with OpenSSL 3 under scans and load; it cannot keep OpenSSL's per-thread state apart from its workers",
    affects: ["tls", "tls_client_certificate"],
    affected: [["0", "5.8.0"]],
    source: "https://github.com/kamailio/kamailio/issues/3791",
  },
  {
    id: "kamailio#4656",
    package: "kamailio",
    summary:
      "Kamailio's own SDP and multipart parser reads out of bounds on crafted bodies (also #4657, OSV-2024-1210)",
    affects: ["sdp_parsing", "multipart_bodies"],
    affected: [
      ["0", "6.0.7"],
      ["6.1.0", "6.1.2"],
    ],
    source: "https://github.com/kamailio/kamailio/issues/4656",
  },
  {
    id: "kamailio#4791",
    package: "kamailio",
    summary: "A multipart body without its boundary makes a worker loop for ever or write out of bounds",
    affects: ["multipart_bodies"],
    affected: [["0", "6.1.4"]],
    source: "https://github.com/kamailio/kamailio/pull/4791",
  },
];

/** The advisories that hold for an installed package; `version` is the full Debian revision. */
export function unsafeRevision(pkg: EnginePackage, version: string): readonly Advisory[] {
  return advisories.filter(
    (a) =>
      a.package === pkg &&
      a.affected.some(
        ([from, before]) =>
          compareVersions(version, from) >= 0 &&
          (before === undefined || compareVersions(version, before) < 0),
      ),
  );
}
