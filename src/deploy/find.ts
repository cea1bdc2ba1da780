/** Finds the deployed edges of this host and user. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { edgePaths, stateFolder } from "./state/paths.ts";

/** Names of the edges that were deployed below the default folder for state. */
export function deployedEdges(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  uid: number,
): { readonly folder: string; readonly names: readonly string[] } {
  const folder = dirname(stateFolder("-", { env, cwd, uid }));
  if (!existsSync(folder)) return { folder, names: [] };
  const names = readdirSync(folder).filter((name) => existsSync(edgePaths(join(folder, name)).programs));
  return { folder, names: names.sort() };
}
