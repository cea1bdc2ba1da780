/** `crew engine`: installs the programs of the edge, says which are there and what they can do. */
import type { Command } from "commander";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { hasErrors } from "../../core/diagnostic.ts";
import { suggest } from "../../core/suggest.ts";
import { capability, capabilityTable } from "../../engine/capabilities.ts";
import { capabilities, capabilityNames } from "../../engine/capability-names.ts";
import {
  defaultEngineLine,
  type EngineLine,
  engineLine,
  engineLines,
  isEngineLine,
} from "../../engine/lines.ts";
import { hostRevisions } from "../../host/host-engine.ts";
import { ensureRoot, findRoot, type RootProgress, rootOptions } from "../../host/private-root.ts";
import { engineRootSpec, findEngine } from "../../host/runtime.ts";
import { type ExitCode, exitCodes } from "../exit.ts";
import type { Io, Verb, VerbResult } from "../verb.ts";

const actions = ["install", "status", "table"] as const;

export const verb = {
  configure(command: Command) {
    command
      .summary("install the programs of the edge, show what is there and what it can do")
      .description(
        "The engine is Kamailio, rtpengine, nftables and a supervisor in versions that belong together.\n" +
          "install  fetches a line into a private folder; the host's packages stay as they are\n" +
          "status   says which engines are there, from where, and what is unsafe about them\n" +
          "table    prints what each line can do, as Markdown",
      )
      .argument("<action>", actions.join(", "))
      .option("--engine <line>", `engine line: ${engineLines.join(", ")}`)
      .option("--refresh", "with install: take newer packages where the archive has them")
      .addHelpText("after", "\nExamples:\n  crew engine install\n  crew engine status --output json");
  },

  async run(args, options, io) {
    const line = options.engine ?? defaultEngineLine;
    if (typeof line !== "string" || !isEngineLine(line))
      return usage(`There is no engine line "${line}".`, engineLines, String(line));
    switch (args[0]) {
      case "install":
        return install(line, options.refresh === true, io);
      case "status":
        return status(options.engine === undefined ? engineLines : [line], io);
      case "table":
        return table();
      default:
        return usage(`"crew engine" has no action "${args[0] ?? ""}".`, actions, args[0] ?? "");
    }
  },
} satisfies Verb;

async function install(line: EngineLine, refresh: boolean, io: Io): Promise<VerbResult> {
  const spec = engineRootSpec(line);
  const before = await findRoot(spec, rootOptions(io.env).directory);
  const result = await ensureRoot(spec, {
    ...rootOptions(io.env),
    refresh,
    signal: io.signal,
    onProgress: progressLine(io),
  });
  const root = result.value;
  if (root === undefined)
    return {
      exitCode: io.signal.aborted ? exitCodes.interrupted : exitCodes.configWrong,
      diagnostics: result.diagnostics,
    };
  const version = (name: string): string =>
    root.manifest.packages.find((p) => p.package === name)?.version ?? "?";
  const changed = JSON.stringify(before?.manifest.packages) !== JSON.stringify(root.manifest.packages);
  const text =
    `Engine ${line}: Kamailio ${version("kamailio")}, rtpengine ${version("rtpengine-daemon")}, ` +
    `nftables ${version("nftables")}\n${changed ? "Installed" : "Was installed already"} in ${root.directory}\n`;
  const { packages, release_dates_checked } = root.manifest;
  return {
    exitCode: exitCodes.done,
    diagnostics: result.diagnostics,
    data: { line, directory: root.directory, changed, release_dates_checked, packages },
    text,
  };
}

async function status(lines: readonly EngineLine[], io: Io): Promise<VerbResult> {
  const host = await hostRevisions();
  const diagnostics: Diagnostic[] = [];
  const rows = [];
  for (const line of lines) {
    const found = await findEngine(line, io.env);
    // that a line is not installed is an answer here, not a problem
    diagnostics.push(...found.diagnostics.filter((d) => d.severity !== "error"));
    const engine = found.value;
    const limits = capabilityNames.flatMap((name) => {
      const c = capability(line, name, engine?.versions);
      return c.status === "yes" ? [] : [{ capability: name, status: c.status, reason: c.reason }];
    });
    rows.push({
      line,
      default: line === defaultEngineLine,
      installed: engine !== undefined,
      from: engine?.from ?? null,
      root: engine?.root ?? null,
      versions: engine?.versions ?? null,
      limits,
    });
  }
  const text = rows.map((r) => {
    const { debian } = engineLine(r.line);
    const head = r.versions
      ? `${r.line}  ${r.from === "host" ? "the host's packages" : r.root}\n     Kamailio ${r.versions.kamailio}, rtpengine ${r.versions["rtpengine-daemon"]}, nftables ${r.versions.nftables}`
      : `${r.line}  not installed (${debian.release}): crew engine install --engine ${r.line}`;
    const limits = r.limits.map(
      (l) =>
        `     ${l.status === "unsafe" ? "unsafe" : "no    "}  ${capabilities[l.capability]}: ${l.reason}`,
    );
    return [head, ...(r.installed || lines.length === 1 ? limits : [])].join("\n");
  });
  return {
    exitCode: exitCodes.done,
    diagnostics,
    data: { default: defaultEngineLine, host_packages: host, engines: rows },
    text: `${text.join("\n\n")}\n`,
  };
}

function table(): VerbResult {
  const data = engineLines.map((line) => {
    const { debian, reference } = engineLine(line);
    const can = Object.fromEntries(
      capabilityNames.map((name) => {
        const c = capability(line, name);
        return [name, c.status === "yes" ? { status: c.status } : { status: c.status, reason: c.reason }];
      }),
    );
    return { line, suite: debian.suite, reference, capabilities: can };
  });
  return { exitCode: exitCodes.done, diagnostics: [], data: { lines: data }, text: capabilityTable() };
}

function usage(message: string, known: readonly string[], given: string): VerbResult {
  const near = suggest(given, known);
  const diagnostic: Diagnostic = {
    code: "CREW6930",
    severity: "error",
    message,
    help:
      near === undefined
        ? `Known are ${known.join(", ")}.`
        : `Did you mean "${near}"? Known are ${known.join(", ")}.`,
  };
  const exitCode: ExitCode = exitCodes.usage;
  return { exitCode, diagnostics: hasErrors([diagnostic]) ? [diagnostic] : [] };
}

const phases: Readonly<Record<RootProgress["phase"], string>> = {
  wait: "waiting for another installation of the same engine",
  update: "fetching the package indexes",
  plan: "choosing packages",
  download: "downloading",
  check: "checking hashes",
  unpack: "unpacking",
  finish: "finishing",
};

/** On a terminal one line that changes, else one line per phase. */
function progressLine(io: Io): (progress: RootProgress) => void {
  let phase = "";
  return (p) => {
    const size =
      p.totalBytes === undefined ? "" : ` ${p.packages} packages, ${Math.round(p.totalBytes / 1e6)} MB`;
    if (io.stderr.isTTY) {
      const percent = p.percent === undefined ? "" : ` ${Math.floor(p.percent)} %`;
      io.stderr.write(`\r\u001b[K${phases[p.phase]}${size}${percent}${p.phase === "finish" ? "\n" : ""}`);
    } else if (p.phase !== phase)
      io.stderr.write(`${phases[p.phase]}${p.phase === "download" ? size : ""}\n`);
    phase = p.phase;
  };
}
