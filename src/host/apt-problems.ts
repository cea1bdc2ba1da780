/** What apt's complaints mean for somebody who wants an engine. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { describeEnd, type RunResult } from "./run.ts";

const again = "What was downloaded is kept; run the same command again to go on.";

/** Turns a failed apt run into one diagnostic. `sources` is the deb822 text that apt was given. */
export function aptProblem(result: RunResult, sources: string): Diagnostic {
  const text = `${result.stderr}\n${result.stdout}`;
  const lines = text.split("\n").filter((l) => /^[EW]: /.test(l));
  const told = [...new Set(lines.map((l) => l.slice(3).trim()))].slice(0, 4).join(" | ");
  const suite = /^Suites: (.+)$/m.exec(sources)?.[1] ?? "?";
  const key = /^Signed-By: (.+)$/m.exec(sources)?.[1] ?? "?";
  if (result.outcome === "not_started")
    return {
      code: "CREW6901",
      severity: "error",
      message: "Cannot make a private root: apt-get cannot be started on this host.",
      why: `The packages are fetched and their signatures checked by apt (${result.error}).`,
      help: "Use a Debian or Ubuntu host, or install the packages apt, dpkg and debian-archive-keyring.",
    };
  if (result.outcome === "aborted") return interrupted();
  if (
    /NO_PUBKEY|not signed|couldn't be verified|KEYEXPIRED|EXPKEYSIG|REVKEYSIG|BADSIG|not authenticated|NOSPLIT/i.test(
      text,
    )
  )
    return {
      code: "CREW6903",
      severity: "error",
      message: `The package index of "${suite}" is not signed by a key in ${key}: ${told}`,
      why: "Packages from an index without a good signature are never unpacked; anybody on the way could have changed them.",
      help: "Update the package debian-archive-keyring, or name a newer key file with CREW_DEBIAN_KEYRING (for a Debian suite); name the right key file of another repository.",
    };
  if (/Release file .* (is expired|is not valid yet)/.test(text))
    return {
      code: "CREW6904",
      severity: "error",
      message: `The package index of "${suite}" is out of date: ${told}`,
      why: "An old index would hide security updates, so apt refuses it.",
      help: "Check the clock of this host and take a mirror that is up to date (CREW_DEBIAN_MIRROR).",
    };
  const missing = [
    ...text.matchAll(/Unable to locate package (\S+)|Package '?([^'\s]+)'? has no installation candidate/g),
  ].map((m) => m[1] ?? m[2]);
  if (missing.length > 0)
    return {
      code: "CREW6905",
      severity: "error",
      message: `No package ${missing.map((m) => `"${m}"`).join(", ")} in "${suite}" for this architecture.`,
      help: "Check the spelling at https://packages.debian.org and that the suite holds the package.",
    };
  if (/Hash Sum mismatch|unexpected size/i.test(text))
    return {
      code: "CREW6907",
      severity: "error",
      message: `A file from the mirror is not the one that the signed index names: ${told}`,
      why: "It was damaged or changed on the way, or the mirror is being updated; it has not been unpacked.",
      help: `Wait some minutes or take another mirror (CREW_DEBIAN_MIRROR). ${again}`,
    };
  if (/No space left|enough free space/i.test(text))
    return {
      code: "CREW6908",
      severity: "error",
      message: `The disk is full: ${told}`,
      help: `Free about 1 GB, or name a folder on another disk with CREW_ENGINE_DIR. ${again}`,
    };
  if (/does not have a Release file|404 +Not Found/i.test(text))
    return {
      code: "CREW6910",
      severity: "error",
      message: `There is no such suite on the mirror: ${told}`,
      help: "Check the name of the suite and the address of the repository.",
    };
  if (
    /Failed to fetch|Unable to fetch|Could not resolve|Could not connect|Temporary failure|timed out/i.test(
      text,
    )
  )
    return {
      code: "CREW6906",
      severity: "error",
      message: `The mirror cannot be reached: ${told}`,
      help: `Check the network and the proxy of this host (apt's own settings and http_proxy are used). ${again}`,
    };
  return {
    code: "CREW6909",
    severity: "error",
    message: `apt failed (${describeEnd(result)}): ${told || result.stderr.trim().split("\n").slice(-3).join(" | ")}`,
    help: again,
  };
}

/** Said where the user stopped an installation. */
export function interrupted(): Diagnostic {
  return { code: "CREW6911", severity: "error", message: "The installation was interrupted.", help: again };
}
