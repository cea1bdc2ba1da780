/** Reads rtpengine.conf as rtpengine's GKeyFile does, and what rtpengine 10.5 to 26.0 says when it does not start. */
import type { NativeProblem } from "./native-problem.ts";

export interface ConfEntry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

export interface ConfFile {
  readonly entries: readonly ConfEntry[];
  /** Lines that are neither a group, a comment nor `key = value`: the daemon refuses the whole file for one. */
  readonly broken: readonly { readonly line: number; readonly text: string }[];
}

/** The entries of the group `rtpengine`. */
export function readConf(text: string): ConfFile {
  const entries: ConfEntry[] = [];
  const broken: { line: number; text: string }[] = [];
  let group = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const named = /^\[([^[\]]+)\]$/.exec(line)?.[1];
    const pair = /^([^=[\]]+?)\s*=\s*(.*)$/.exec(line);
    if (named !== undefined) group = named;
    else if (pair === null || group === "") broken.push({ line: index + 1, text: line });
    else if (group === "rtpengine")
      entries.push({ line: index + 1, key: pair[1] ?? "", value: pair[2] ?? "" });
  }
  return { entries, broken };
}

/** The options that `rtpengine --help` lists, each with the form of its value (`INT`, `FILE`, …; absent: a switch). */
export function helpOptions(lines: readonly string[]): ReadonlyMap<string, string | undefined> {
  const options = new Map<string, string | undefined>();
  for (const line of lines) {
    const found = /^ {2}(?:-\w, )?--([\w-]+)(?:=(\S+(?: \.\.\.)?))?(?:\s|$)/.exec(line);
    if (found?.[1] !== undefined) options.set(found[1], found[2]);
  }
  return options;
}

/** Options with a value that the help text does not mention. */
const untoldForm = new Set([
  "log-name",
  "log-mark-prefix",
  "log-mark-suffix",
  "dtmf-digit-delay",
  "redis-delete-async-interval",
]);

/**
 * What is wrong with a conf that the daemon would not, or not clearly, complain about: unknown keys and (on 10.5) port
 * ranges upside down are taken in silence, and 10.5 ends without a word on a value or a line that it cannot read.
 */
export function confProblems(
  conf: ConfFile,
  options: ReadonlyMap<string, string | undefined>,
): readonly { readonly line: number; readonly message: string }[] {
  const problems = conf.broken.map(({ line, text }) => ({
    line,
    message: `the line "${text}" is neither a group, a comment nor "key = value"`,
  }));
  const value = (key: string): ConfEntry | undefined => conf.entries.find((e) => e.key === key);
  for (const { line, key, value: text } of conf.entries) {
    const form = options.get(key);
    if (!options.has(key)) problems.push({ line, message: `this rtpengine has no option "${key}"` });
    else if (form === undefined && !untoldForm.has(key) && !/^(true|false|0|1)$/.test(text))
      problems.push({ line, message: `"${key}" wants true or false, not "${text}"` });
    else if (form !== undefined && isNumber(form) && !/^-?\d+(\.\d+)?$/.test(text))
      problems.push({ line, message: `"${key}" wants a number, not "${text}"` });
  }
  const [low, high] = [value("port-min"), value("port-max")];
  if (low && high && Number(low.value) >= Number(high.value))
    problems.push({ line: low.line, message: `the port range ${low.value} to ${high.value} is empty` });
  return problems;
}

function isNumber(form: string): boolean {
  return /^(INT|UINT8|FLOAT|SECS|SECONDS)$/.test(form);
}

const head =
  /^(?:\[[\d.]+\] )?(?:\w{3} +\d+ [\d:]+ )?(?:(ERR|CRIT|ALERT|EMERG|WARNING|NOTICE|INFO|DEBUG): )?(?:\[[\w ,/-]+\]:? )?(?:Fatal error: )?(.*)$/;

/** The complaints in rtpengine's stderr: lines of level ERR and above and fatal ones, each once. */
export function rtpengineProblems(lines: readonly string[]): readonly NativeProblem[] {
  const texts = new Set<string>();
  for (const line of lines) {
    const [, level, text = ""] = head.exec(line) ?? [];
    const serious =
      level === undefined ? line.startsWith("Fatal error: ") : /^(ERR|CRIT|ALERT|EMERG)$/.test(level);
    if (serious && text !== "") texts.add(text);
  }
  return [...texts].map((text) => ({
    program: "rtpengine",
    text,
    details: [],
    files: [],
    quotes: [...text.matchAll(/['“"]([^'”"]{2,80})['”"]|\(([\d.:a-f]+)\)/g)].map((m) => m[1] ?? m[2] ?? ""),
  }));
}
