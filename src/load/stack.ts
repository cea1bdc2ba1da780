/** Where in the user's files an error was thrown. */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, resolve, sep } from "node:path";
import type { Span } from "../core/span.ts";
import { scriptName } from "./evaluate.ts";
import { displayPath, fileSpan, spanAtLine } from "./place.ts";
import type { ConfigScript } from "./transpile.ts";

/** The innermost frame of a stack that lies in the config; the config's start where there is none. */
export function thrownAt(stack: string | undefined, script: ConfigScript, entry: string, cwd: string): Span {
  const map = new SourceMap(JSON.parse(script.map) as ConstructorParameters<typeof SourceMap>[0]);
  const frames = (stack ?? "").matchAll(
    new RegExp(`(?:${scriptName}|data:text/javascript;base64,[\\w+/=]*):(\\d+):(\\d+)`, "g"),
  );
  for (const frame of frames) {
    const found: { originalSource?: string; originalLine?: number; originalColumn?: number } = map.findEntry(
      Number(frame[1]) - 1,
      Number(frame[2]) - 1 - (script.format === "script" && frame[1] === "1" ? wrapperLength : 0),
    );
    if (found.originalSource === undefined || found.originalLine === undefined) continue;
    const file = resolve(dirname(entry), found.originalSource);
    if (file.includes(`${sep}node_modules${sep}`) || !script.files.includes(file)) continue;
    const prefix = found.originalLine === 0 ? (script.prefixes.get(file) ?? 0) : 0;
    const column = Math.max(1, (found.originalColumn ?? 0) + 1 - prefix);
    return spanAtLine(displayPath(file, cwd), readFileSync(file, "utf8"), found.originalLine + 1, column, 1);
  }
  return fileSpan(displayPath(entry, cwd));
}

const wrapperLength = "(function (exports, require, module) {".length;
