/** Where in the user's files an error was thrown. */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, resolve, sep } from "node:path";
import type { Span } from "../core/span.ts";
import { bundleName } from "./evaluate.ts";
import { displayPath, fileSpan, spanAtLine } from "./place.ts";
import { opening, scriptName } from "./run-modules.ts";
import type { BundledScript, ConfigScript, ModuleScripts } from "./transpile.ts";

interface Spot {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The innermost frame of a stack that lies in the config; the config's start where there is none. */
export function thrownAt(stack: string | undefined, script: ConfigScript, entry: string, cwd: string): Span {
  const spots =
    script.format === "scripts" ? inScripts(stack ?? "", script) : inBundle(stack ?? "", script, entry);
  for (const { file, line, column } of spots) {
    if (file.includes(`${sep}node_modules${sep}`) || !script.files.includes(file)) continue;
    return spanAtLine(displayPath(file, cwd), readFileSync(file, "utf8"), line, column, 1);
  }
  return fileSpan(displayPath(entry, cwd));
}

function* inScripts(stack: string, { files, scripts }: ModuleScripts): Generator<Spot> {
  for (const [, index = "", line = "", column = ""] of stack.matchAll(
    new RegExp(`${scriptName}(\\d+):(\\d+):(\\d+)`, "g"),
  )) {
    const file = files[Number(index)];
    const script = file === undefined ? undefined : scripts.get(file);
    if (file === undefined || script === undefined || Number(line) <= linesOfExports(script.code)) continue;
    const shift = line === "1" ? opening(file).length : 0;
    const found = original(script.map, Number(line), Number(column) - shift);
    if (found !== undefined) yield { file, line: found.line, column: found.column };
  }
}

/** Lines of esbuild's own before the author's: through its getters other files read what this one exports. */
function linesOfExports(code: string): number {
  const end = code.indexOf("module.exports = __toCommonJS(");
  return end < 0 ? 0 : code.slice(0, end).split("\n").length;
}

function* inBundle(stack: string, { map, prefixes }: BundledScript, entry: string): Generator<Spot> {
  for (const [, line = "", column = ""] of stack.matchAll(
    new RegExp(`(?:${bundleName}|data:text/javascript;base64,[\\w+/=]*):(\\d+):(\\d+)`, "g"),
  )) {
    const found = original(map, Number(line), Number(column));
    if (found === undefined) continue;
    const file = resolve(dirname(entry), found.source);
    const prefix = found.line === 1 ? (prefixes.get(file) ?? 0) : 0;
    yield { file, line: found.line, column: Math.max(1, found.column - prefix) };
  }
}

/** Lines and columns from 1, here and there. */
function original(
  map: string,
  line: number,
  column: number,
): (Omit<Spot, "file"> & { readonly source: string }) | undefined {
  const parsed = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
  const found: { originalSource?: string; originalLine?: number; originalColumn?: number } = parsed.findEntry(
    line - 1,
    column - 1,
  );
  if (found.originalSource === undefined || found.originalLine === undefined) return undefined;
  return {
    source: found.originalSource,
    line: found.originalLine + 1,
    column: Math.max(1, (found.originalColumn ?? 0) + 1),
  };
}
