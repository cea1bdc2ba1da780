/** Reads what Kamailio 5.6 to 6.1 writes to stderr while it parses a config and starts (core/cfg.y, core/route.c, core/rvalue.c). */
import type { NativePlace, NativeProblem } from "./native-problem.ts";

export type LogLevel = "error" | "warning" | "other";

export interface LogEntry {
  readonly level: LogLevel;
  /** Module that speaks, or `core`. */
  readonly module: string;
  readonly text: string;
}

const head = /^\s*\d+\(\d+\) (\w+): (?:\{[^}]*\} )?(<?[\w-]+>?) \[[^\]]*\]: (?:\w+\(\): )?(.*)$/;
const plainError = /^(?:ERROR|CRITICAL|BUG): (?!bad config file|error while)(.*)$/;
const summary =
  /^(?:error -?\d+ while|ERROR: (?:bad config file|error while)|Listening on|Aliases:|\s+(?:udp|tcp|tls|sctp): |config file ok)/;
const errorLevels = new Set(["ERROR", "CRITICAL", "ALERT", "BUG", "EMERGENCY"]);

/** The log as entries; a line without a head belongs to the entry before it (texts hold newlines). */
export function parseLog(lines: readonly string[]): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  for (const line of lines) {
    const match = head.exec(line);
    const plain = match === null ? plainError.exec(line) : null;
    if (match !== null) {
      const [, level = "", module = "", text = ""] = match;
      entries.push({ level: levelOf(level), module: module.replace(/[<>]/g, ""), text: text.trim() });
    } else if (plain !== null) {
      entries.push({ level: "error", module: "core", text: (plain[1] ?? "").trim() });
    } else if (!summary.test(line) && line.trim() !== "") {
      const last = entries.at(-1);
      if (last !== undefined && last.level === "error" && line.trim().length <= 3)
        entries[entries.length - 1] = { ...last, text: `${last.text}${line.trim()}` };
    }
  }
  return entries;
}

function levelOf(word: string): LogLevel {
  if (errorLevels.has(word)) return "error";
  return word === "WARNING" ? "warning" : "other";
}

/** What closes a failure: everything since the one before belongs to it, the first word of it is the cause. */
const closers = [
  /^parse error in config file/,
  /^fixing failed \(code=/,
  /^Error while initializing module/,
  /^error initializing module/,
];
/** Consequences of a syntax error that was reported already. */
const aftermath = /: (?:syntax error|bad \w+(?: \w+)?.*|'\('.*expected.*)$/;
/** Said when Kamailio ends after a failed start, never a cause. */
const noise = /^(?:child process \d+ exited|SCTP API|Thank you for flying|core dump|terminating due to)/;

/** The failures in a log, each with its cause, its place and the words to find it by. */
export function kamailioProblems(lines: readonly string[]): readonly NativeProblem[] {
  const problems: NativeProblem[] = [];
  let group: string[] = [];
  let syntaxSeen = false;
  const close = (): void => {
    if (group.length > 0) problems.push(problemOf(group));
    group = [];
  };
  for (const { level, text } of parseLog(lines)) {
    if (level !== "error" || noise.test(text)) continue;
    if (/^parse error in config file/.test(text) && aftermath.test(text)) {
      if (syntaxSeen) continue;
      syntaxSeen = true;
    }
    group.push(text);
    if (closers.some((closer) => closer.test(text))) close();
  }
  close();
  const seen = new Set<string>();
  return problems.filter((p) => {
    const key = JSON.stringify([p.text, p.place]);
    return !seen.has(key) && seen.add(key);
  });
}

function problemOf(group: readonly string[]): NativeProblem {
  const places = group.map(placeIn);
  const withColumn = places.find((p) => p?.column !== undefined);
  const place = withColumn ?? places.find((p) => p !== undefined);
  const file = place?.file ?? places.find((p) => p?.file !== undefined)?.file;
  const [first = ""] = group;
  return {
    program: "kamailio",
    text: bare(first),
    details: group.slice(1).map(bare),
    ...(place === undefined ? {} : { place: { ...place, ...(file === undefined ? {} : { file }) } }),
    files: group.flatMap((text) => [...text.matchAll(/[[<(](\/[^\]>)]+)[\]>)]/g)].map((m) => m[1] ?? "")),
    quotes: group.flatMap(quotesIn),
  };
}

const placeForms: readonly RegExp[] = [
  /in config file (?<file>.*?), (?:from )?line (?<line>\d+), column (?<column>\d+) to line (?<endLine>\d+), column (?<endColumn>\d+)/,
  /in config file (?<file>.*?), line (?<line>\d+), column (?<column>\d+)(?:-(?<endColumn>\d+))?/,
  /\((?<line>\d+),(?<column>\d+)-(?<endLine>\d+),(?<endColumn>\d+)\)/,
  /at (?:cfg:)?(?<file>\/[^:]*):(?<line>\d+)$/,
  /at line: (?<line>\d+) col: (?<column>\d+)/,
];

function placeIn(text: string): NativePlace | undefined {
  for (const form of placeForms) {
    const found = form.exec(text)?.groups;
    if (found === undefined) continue;
    const number = (name: string): number | undefined =>
      found[name] === undefined ? undefined : Number(found[name]);
    const [column, endLine, endColumn] = [number("column"), number("endLine"), number("endColumn")];
    return {
      line: Number(found.line),
      ...(found.file === undefined ? {} : { file: found.file }),
      ...(column === undefined ? {} : { column }),
      ...(endLine === undefined ? {} : { endLine }),
      ...(endColumn === undefined ? {} : { endColumn }),
    };
  }
  return undefined;
}

/** The words without the place, which the diagnostic names in its own way. */
function bare(text: string): string {
  return text
    .replace(/^cfg\. parser: /, "")
    .replace(/^parse error in config file .*? column \d+(?:-\d+)?: /, "")
    .replace(/ at (?:cfg:)?\/[^:]*:\d+$/, "")
    .replace(/\(\d+,\d+-\d+,\d+\)/, "")
    .trim();
}

function quotesIn(text: string): string[] {
  const unknown = /error searching pvar "([^"]+)"/.exec(text)?.[1];
  const bind = /bind\(.*\) on ([0-9a-fA-F.:]+):/.exec(text)?.[1];
  const quoted = [...text.matchAll(/"([^"]{2,80})"|<([^<>/]{2,80})>|\[([^[\]/]{2,80})\]/g)].map(
    (m) => m[1] ?? m[2] ?? m[3] ?? "",
  );
  return [
    ...(unknown === undefined ? [] : [`$${unknown}`, `$(${unknown}`]),
    ...(bind === undefined ? [] : [bind]),
    ...quoted,
  ];
}
