/** What a deployment would change, before anybody is asked to confirm it. */
import { join } from "node:path";
import type { Manifest } from "../bundle/bundle.ts";
import type { Diagnostic } from "../core/diagnostic.ts";
import { byCodePoint } from "../core/order.ts";
import type { ReloadClass } from "../targets/target.ts";
import type { Edge } from "./edge.ts";
import { readJson } from "./state/files.ts";
import { generationPaths } from "./state/paths.ts";

/** What somebody who was asked to confirm said; `unconfirmed` where nobody could be asked. */
export type Consent = "yes" | "no" | "unconfirmed";

export interface ArtifactChange {
  readonly path: string;
  readonly change: "added" | "changed" | "removed";
  readonly reload: ReloadClass;
}

export interface Summary {
  readonly edge: string;
  readonly generation: number;
  readonly previous?: number;
  /** Whether the previous generation runs. */
  readonly running: boolean;
  readonly rollbackTo?: number;
  /** Against the running generation; empty where none runs. */
  readonly changes: readonly ArtifactChange[];
  readonly secretsChanged: boolean;
  readonly engineChanged: boolean;
  readonly warnings: readonly Diagnostic[];
}

export async function changesBetween(
  edge: Edge,
  from: number | undefined,
  to: Manifest,
): Promise<readonly ArtifactChange[]> {
  if (from === undefined) return [];
  const file = join(generationPaths(edge.paths, from).bundle, "manifest.json");
  const old = (await readJson<Manifest>(file))?.artifacts ?? [];
  const before = new Map(old.map((a) => [a.path, a]));
  const after = new Map(to.artifacts.map((a) => [a.path, a]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort(byCodePoint)
    .flatMap((path): ArtifactChange[] => {
      const a = before.get(path);
      const b = after.get(path);
      if (a === undefined && b !== undefined) return [{ path, change: "added", reload: b.reload }];
      if (b === undefined && a !== undefined) return [{ path, change: "removed", reload: a.reload }];
      if (a?.sha256 === b?.sha256 || b === undefined) return [];
      return [{ path, change: "changed", reload: b.reload }];
    });
}

/** The summary as lines for a person. */
export function summaryText(summary: Summary): string {
  const { generation, previous, running, changes } = summary;
  const restarts = summary.warnings.filter((w) => w.code === "CREW6024");
  const head =
    previous === undefined
      ? `Edge ${summary.edge}: first deployment, generation ${generation}.`
      : running
        ? `Edge ${summary.edge}: generation ${previous} -> ${generation}${again(summary)}; calls in progress ${restarts.length > 0 ? "lose their audio" : "go on"}.`
        : `Edge ${summary.edge}: generation ${generation}${again(summary)}; nothing runs now.`;
  const lines = [
    head,
    ...changes.map((c) => `  ${c.change.padEnd(7)} ${c.path}  (${c.reload})`),
    ...(summary.secretsChanged ? ["  changed secrets"] : []),
    ...(summary.engineChanged ? ["  changed engine"] : []),
    ...restarts.map((w) => `  ! ${w.message}`),
  ];
  return `${lines.join("\n")}\n`;
}

function again({ rollbackTo }: Summary): string {
  return rollbackTo === undefined ? "" : ` (generation ${rollbackTo} again)`;
}
