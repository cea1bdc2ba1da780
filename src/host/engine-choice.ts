/** Which of the versions that the sources have make an engine of a line. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { lostCapabilities } from "../engine/capabilities.ts";
import { compareVersions, parseVersion } from "../engine/dpkg-version.ts";
import { type EngineLine, engineLine } from "../engine/lines.ts";
import type { Candidate } from "./apt.ts";
import { type AptSource, sourceName } from "./apt-sources.ts";

/** Packages that belong together are of one version and from one place. */
interface Family {
  /** Decides about the line and is named to people. */
  readonly lead: "kamailio" | "rtpengine-daemon";
  readonly program: "Kamailio" | "rtpengine";
  /** Of the upstream version. */
  readonly series: string;
  readonly members: readonly string[];
}

interface Choice {
  readonly family: Family;
  readonly version: string;
  readonly sources: readonly AptSource[];
}

/**
 * For Kamailio and for rtpengine the newest version of the line, from a named repository where one has the program, else
 * from the Debian suite; the rest of `packages` is left to apt. CREW6914 where there is no version of the line, CREW6905
 * where packages are missing, CREW6915 where a named repository's version has a hole that the line's packages close.
 */
export function chooseEngine(
  line: EngineLine,
  packages: readonly string[],
  candidates: readonly Candidate[],
): Result<readonly string[]> {
  const { kamailio, rtpengine } = engineLine(line);
  const members = (start: string): readonly string[] => packages.filter((p) => p.startsWith(start));
  const families: readonly Family[] = [
    { lead: "kamailio", program: "Kamailio", series: kamailio, members: members("kamailio") },
    { lead: "rtpengine-daemon", program: "rtpengine", series: rtpengine, members: members("rtpengine") },
  ];
  const choices: Choice[] = [];
  const problems: Diagnostic[] = [];
  for (const family of families) {
    const choice = chooseFamily(line, family, candidates);
    if ("code" in choice) problems.push(choice);
    else choices.push(choice);
  }
  problems.push(...choices.flatMap((choice) => unsafe(line, choice) ?? []));
  if (problems.length > 0) return failed(...problems);
  const versions = new Map(choices.flatMap((c) => c.family.members.map((name) => [name, c.version])));
  return ok(packages.map((name) => (versions.has(name) ? `${name}=${versions.get(name)}` : name)));
}

function chooseFamily(
  line: EngineLine,
  family: Family,
  candidates: readonly Candidate[],
): Choice | Diagnostic {
  const own = candidates.filter((c) => family.members.includes(c.package));
  const named = own.filter((c) => c.source.named);
  const eligible = named.length > 0 ? named : own;
  const sources = [...new Set(eligible.map((c) => c.source))];
  const leads = eligible.filter((c) => c.package === family.lead);
  if (leads.length === 0) return missing([family.lead], sources);
  const newest = leads
    .filter((c) => parseVersion(c.version).upstream.startsWith(family.series))
    .sort((a, b) => compareVersions(b.version, a.version))[0];
  if (newest === undefined) return otherLine(line, family, leads);
  // suite, updates and security archive together are one place, a named repository is one by itself
  const place = newest.source.named ? [newest.source] : sources;
  const lacking = family.members.filter(
    (name) =>
      !eligible.some((c) => c.package === name && c.version === newest.version && place.includes(c.source)),
  );
  if (lacking.length > 0) return missing(lacking, place, newest.version);
  return { family, version: newest.version, sources: place };
}

function unsafe(line: EngineLine, { family, version, sources }: Choice): Diagnostic | undefined {
  if (!sources.some((s) => s.named)) return undefined;
  const reasons = [...new Set(lostCapabilities(line, { [family.lead]: version }).map((l) => l.reason))];
  if (reasons.length === 0) return undefined;
  return {
    code: "CREW6915",
    severity: "error",
    message: `${family.program} ${version} of "${names(sources)}" is not safe: ${reasons.join("; ")}.`,
    why: `The packages of Debian's own suite for line ${line} do not have these holes.`,
    help: `Name a repository with a newer ${family.program}, or install the line from Debian: crew engine install --engine ${line} --suite ${engineLine(line).debian.suite}.`,
  };
}

function otherLine(line: EngineLine, family: Family, leads: readonly Candidate[]): Diagnostic {
  const found = [...new Set(leads.map((c) => `${c.version} ("${sourceName(c.source)}")`))].slice(0, 4);
  return {
    code: "CREW6914",
    severity: "error",
    message: `Engine line ${line} needs ${family.program} ${family.series}x, and the sources have ${found.join(", ")}.`,
    why: "What crew compiles for a line uses modules, parameters and flags of that series; on another one it may not start, or do something else.",
    help: "Name the repository of that series (the projects keep one for each), or another line with --engine.",
  };
}

function missing(packages: readonly string[], sources: readonly AptSource[], version?: string): Diagnostic {
  const wanted = packages.map((p) => `"${p}"`).join(", ");
  const where = sources.length === 0 ? "the sources" : `"${names(sources)}"`;
  return {
    code: "CREW6905",
    severity: "error",
    message: `No package ${wanted}${version === undefined ? "" : ` of version ${version}`} in ${where} for this architecture.`,
    why: "Kamailio loads only modules of its own build, so all its packages must come from one place in one version.",
    help: "Check address, suite and component of the repository; the projects' own repositories have all packages.",
  };
}

function names(sources: readonly AptSource[]): string {
  return sources.map(sourceName).join(", ");
}
