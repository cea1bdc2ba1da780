/** Where an output folder differs from what the config compiles to now. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { oldManifest, outputFiles, outputText } from "./write.ts";

export type Staleness =
  | { readonly path: string; readonly state: "missing" }
  | { readonly path: string; readonly state: "no longer made" }
  | {
      readonly path: string;
      readonly state: "changed";
      /** First line that differs, from 1. */
      readonly line: number;
      /** Lines of the folder's file that would go, the first few. */
      readonly removed: readonly string[];
      /** Lines that would come, the first few. */
      readonly added: readonly string[];
      /** How many further lines differ. */
      readonly more: number;
    };

const shownLines = 3;

/** Every file that `writeBundle` would touch, sorted by path; empty where the folder is current. */
export function staleFiles(bundle: Bundle, directory: string): readonly Staleness[] {
  const files = outputFiles(bundle);
  const paths = new Set(files.map((f) => f.path));
  const gone = (oldManifest(directory)?.artifacts ?? [])
    .map((a) => a.path)
    .filter((path) => !paths.has(path));
  const stale = files.flatMap((file): Staleness[] => {
    const place = join(directory, file.path);
    if (!existsSync(place)) return [{ path: file.path, state: "missing" }];
    const now = readFileSync(place, "utf8");
    const then = outputText(file);
    return now === then
      ? []
      : [{ path: file.path, state: "changed", ...difference(now.split("\n"), then.split("\n")) }];
  });
  return [...stale, ...gone.map((path) => ({ path, state: "no longer made" }) as const)].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

/** The stretch between the common start and the common end, cut short. */
function difference(now: readonly string[], then: readonly string[]) {
  let start = 0;
  while (start < now.length && start < then.length && now[start] === then[start]) start++;
  let end = 0;
  const room = Math.min(now.length, then.length) - start;
  while (end < room && now[now.length - 1 - end] === then[then.length - 1 - end]) end++;
  const removed = now.slice(start, now.length - end);
  const added = then.slice(start, then.length - end);
  const shown = { removed: removed.slice(0, shownLines), added: added.slice(0, shownLines) };
  const more = removed.length + added.length - shown.removed.length - shown.added.length;
  return { line: start + 1, ...shown, more };
}
