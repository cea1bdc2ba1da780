/** What apt's complaints mean for somebody who wants an engine. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { type AptSource, sourceAt, sourceName } from "./apt-sources.ts";
import { describeEnd, type RunResult } from "./run.ts";

const again = "What was downloaded is kept; run the same command again to go on.";

/** Turns a failed apt run into one diagnostic. */
export function aptProblem(result: RunResult, sources: readonly AptSource[]): Diagnostic {
  const text = `${result.stderr}\n${result.stdout}`;
  const lines = text.split("\n").filter((l) => /^[EW]: /.test(l));
  const told = [...new Set(lines.map((l) => l.slice(3).trim()))].slice(0, 4).join(" | ");
  const source = sourceAt(lines.join("\n"), sources) ?? sources[0];
  const place = source === undefined ? "?" : sourceName(source);
  const mirrorHint = source?.named ? "" : " and take a mirror that is up to date (CREW_DEBIAN_MIRROR)";
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
      message: `The package index of "${place}" is not signed by ${keyName(source)}: ${told}`,
      why: "Packages from an index without a good signature are never unpacked; anybody on the way could have changed them.",
      help: source?.named
        ? "Compare the key with the one that the project states for this repository, and name the file of that one with --key."
        : "Update the package debian-archive-keyring, or name a newer key file with CREW_DEBIAN_KEYRING.",
    };
  if (/Release file .* (is expired|is not valid yet)/.test(text))
    return {
      code: "CREW6904",
      severity: "error",
      message: `The package index of "${place}" is out of date: ${told}`,
      why: "An old index would hide security updates, so apt refuses it.",
      help: `Check the clock of this host${mirrorHint}.`,
    };
  const missing = [
    ...text.matchAll(/Unable to locate package (\S+)|Package '?([^'\s]+)'? has no installation candidate/g),
  ].map((m) => m[1] ?? m[2]);
  if (missing.length > 0)
    return {
      code: "CREW6905",
      severity: "error",
      message: `No package ${missing.map((m) => `"${m}"`).join(", ")} in ${sources.map((s) => `"${sourceName(s)}"`).join(", ")} for this architecture.`,
      help: "Check the spelling at https://packages.debian.org and that the suite holds the package.",
    };
  if (/Hash Sum mismatch|unexpected size/i.test(text))
    return {
      code: "CREW6907",
      severity: "error",
      message: `A file from the mirror is not the one that the signed index names: ${told}`,
      why: "It was damaged or changed on the way, or the mirror is being updated; it has not been unpacked.",
      help: `Wait some minutes${source?.named ? "" : " or take another mirror (CREW_DEBIAN_MIRROR)"}. ${again}`,
    };
  if (/unmet dependencies|unable to satisfy dependencies/i.test(text))
    return {
      code: "CREW6917",
      severity: "error",
      message: `Packages of the sources do not fit together: ${unmet(text) || told}`,
      why: "A repository's packages are built for one Debian suite and want that suite's libraries.",
      help: "Name the suite that the repository's packages are built for with --suite.",
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

function keyName(source: AptSource | undefined): string {
  if (source === undefined) return "its key";
  const [only, ...more] = source.keys;
  const which = more.length === 0 && only !== undefined ? `the key ${only}` : "a key";
  return `${which} in ${source.signedBy}`;
}

/** What apt lists below its complaint, indented: `kamailio : Depends: libssl3 (>= 3.0.0) but it is not installable`. */
function unmet(text: string): string {
  const reasons = [...text.matchAll(/^ +\S.*$/gm)].map(([line]) => line.trim().replace(/ +/g, " "));
  return [...new Set(reasons)].slice(0, 4).join(" | ");
}

/** Said where the user stopped an installation. */
export function interrupted(): Diagnostic {
  return { code: "CREW6911", severity: "error", message: "The installation was interrupted.", help: again };
}
