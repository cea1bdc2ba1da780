/** Whether a stream gets colour. */
import type { Io } from "./verb.ts";

/**
 * `--no-color` and a non-empty NO_COLOR (no-color.org) win, then a non-empty FORCE_COLOR; else colour only on a
 * terminal that can.
 */
export function wantsColor(flag: boolean, env: Io["env"], stream: { readonly isTTY?: boolean }): boolean {
  if (!flag || (env.NO_COLOR ?? "") !== "") return false;
  if ((env.FORCE_COLOR ?? "") !== "") return env.FORCE_COLOR !== "0";
  return stream.isTTY === true && env.TERM !== "dumb";
}
