/** All targets, in the order of their artifacts' importance to a reader. */
import { kamailio } from "./kamailio/index.ts";
import { type AnyTarget, erase } from "./target.ts";

export const targets: readonly AnyTarget[] = [erase(kamailio)];
