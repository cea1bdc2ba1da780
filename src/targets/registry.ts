/** All targets, in the order of their artifacts' importance to a reader. */
import type { AnyTarget } from "./target.ts";

export const targets: readonly AnyTarget[] = [];
