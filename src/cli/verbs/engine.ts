/** `crew engine`: installs the programs of the edge, says which are there and what they can do. */
import type { Command } from "commander";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { hasErrors } from "../../core/diagnostic.ts";
import { suggest } from "../../core/suggest.ts";
import { capability, capabilityTable, type TableColumn } from "../../engine/capabilities.ts";
import { capabilities, capabilityNames } from "../../engine/capability-names.ts";
import {
  defaultEngineLine,
  type EngineLine,
  engineLine,
  engineLines,
  isEngineLine,
} from "../../engine/lines.ts";
import { sourceName } from "../../host/apt-sources.ts";
import { installEngine } from "../../host/engine-install.ts";
import { hostRevisions } from "../../host/host-engine.ts";
import { type RootProgress, rootOptions } from "../../host/private-root.ts";
import type { RootSource } from "../../host/root-spec.ts";
import { findEngine } from "../../host/runtime.ts";
import { addSourceOptions, sourceOption, usageCodes } from "../engine-source.ts";
import { type ExitCode, exitCodes } from "../exit.ts";
import type { Io, Verb, VerbResult } from "../verb.ts";

const actions = ["install", "status", "table"] as const;

export const verb = {
  configure(command: Command) {
    command
      .summary("install the programs of the edge, show what is there and what it can do")
      .description(
        "The engine is Kamailio, rtpengine, nftables and a supervisor in versions\n" +
          "that belong together.\n" +
          "install  fetches a line into a private folder; the host's packages stay as\n" +
          "         they are. It comes from the line's Debian suite, or from the\n" +
          "         repositories named with --repository, whose program is then used\n" +
          "         before the host's; the source is remembered, and --suite alone goes\n" +
          "         back to Debian's\n" +
          "status   says which engines are there, from where, and what is unsafe\n" +
          "table    prints what each line can do, as Markdown; with --installed, what\n" +
          "         the engines on this host can do",
      )
      .argument("<action>", actions.join(", "))
      .option("--engine <line>", `engine line: ${engineLines.join(", ")}`)
      .option("--refresh", "with install: take newer packages where the archive has them");
    addSourceOptions(command);
    command.option("--installed", "with table: in the versions that are installed on this host");
    command.addHelpText(
      "after",
      "\nExamples:\n  crew engine install\n  crew engine status --output json\n" +
        '  crew engine install --repository "deb https://deb.kamailio.org/kamailio61 trixie main" --key kamailio.asc \\\n' +
        '    --repository "deb https://rtpengine.dfx.at/26.0 trixie main" --key dfx.gpg --suite trixie',
    );
  },

  async run(args, options, io) {
    const line = options.engine ?? defaultEngineLine;
    if (typeof line !== "string" || !isEngineLine(line))
      return usage(`There is no engine line "${line}".`, engineLines, String(line));
    switch (args[0]) {
      case "install":
        return install(line, options, io);
      case "status":
        return status(options.engine === undefined ? engineLines : [line], io);
      case "table":
        return table(options.installed === true, options.engine === undefined ? engineLines : [line], io);
      default:
        return usage(`"crew engine" has no action "${args[0] ?? ""}".`, actions, args[0] ?? "");
    }
  },
} satisfies Verb;

async function install(
  line: EngineLine,
  options: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<VerbResult> {
  const { directory } = rootOptions(io.env);
  const named = await sourceOption(line, options, { cwd: io.cwd, directory });
  if (named.value === undefined) {
    const isUsage = named.diagnostics.some((d) => usageCodes.includes(d.code));
    return {
      exitCode: isUsage ? exitCodes.usage : exitCodes.configWrong,
      diagnostics: named.diagnostics,
    };
  }
  const result = await installEngine(line, named.value.source, {
    ...rootOptions(io.env),
    refresh: options.refresh === true,
    signal: io.signal,
    onProgress: progressLine(io),
  });
  if (result.value === undefined)
    return {
      exitCode: io.signal.aborted ? exitCodes.interrupted : exitCodes.configWrong,
      diagnostics: result.diagnostics,
    };
  const { root, changed } = result.value;
  const version = (name: string): string =>
    root.manifest.packages.find((p) => p.package === name)?.version ?? "?";
  const text =
    `Engine ${line}: Kamailio ${version("kamailio")}, rtpengine ${version("rtpengine-daemon")}, ` +
    `nftables ${version("nftables")}\n${changed ? "Installed" : "Was installed already"} in ${root.directory}\n${sourceLines(root.manifest.sources, "")}`;
  const { packages, release_dates_checked, sources = [] } = root.manifest;
  return {
    exitCode: exitCodes.done,
    diagnostics: result.diagnostics,
    data: { line, directory: root.directory, changed, release_dates_checked, sources, packages },
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
      sources: engine?.sources ?? [],
      limits,
    });
  }
  const text = rows.map((r) => {
    const { debian } = engineLine(r.line);
    const head = r.versions
      ? `${r.line}  ${r.from === "host" ? "the host's packages" : r.root}\n     Kamailio ${r.versions.kamailio}, rtpengine ${r.versions["rtpengine-daemon"]}, nftables ${r.versions.nftables}\n${sourceLines(r.sources, "     ")}`.trimEnd()
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

/** One line for each archive, with the key where there is one alone. */
function sourceLines(sources: readonly RootSource[] | undefined, indent: string): string {
  const key = (keys: readonly string[]): string =>
    keys.length === 1 ? `key ${keys[0]}` : `${keys.length} keys`;
  return (sources ?? []).map((s) => `${indent}from ${sourceName(s)} (${key(s.keys)})\n`).join("");
}

async function table(installed: boolean, lines: readonly EngineLine[], io: Io): Promise<VerbResult> {
  const columns = installed ? await installedColumns(lines, io) : lines.map((line) => ({ line }));
  const data = columns.map(({ line, installed: here }: TableColumn) => {
    const { debian, reference } = engineLine(line);
    const can = Object.fromEntries(
      capabilityNames.map((name) => {
        const c = capability(line, name, here?.revisions);
        return [name, c.status === "yes" ? { status: c.status } : { status: c.status, reason: c.reason }];
      }),
    );
    const versions = here === undefined ? {} : { installed: here.revisions };
    return { line, suite: debian.suite, reference, ...versions, capabilities: can };
  });
  return { exitCode: exitCodes.done, diagnostics: [], data: { lines: data }, text: capabilityTable(columns) };
}

async function installedColumns(lines: readonly EngineLine[], io: Io): Promise<readonly TableColumn[]> {
  const found = await Promise.all(lines.map((line) => findEngine(line, io.env)));
  return found.flatMap(({ value: engine }) => {
    if (engine === undefined) return [];
    const { line, from, sources, versions: revisions } = engine;
    const named = sources?.filter((s) => s.named).map(sourceName) ?? [];
    const place = from === "host" ? "the host's packages" : named.join(", ") || engineLine(line).debian.suite;
    return [{ line, installed: { revisions, place } }];
  });
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
