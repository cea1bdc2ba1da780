/** All targets, in the order in which a reader wants their diagnostics. */
import { kamailio } from "./kamailio/index.ts";
import { nftables } from "./nftables/index.ts";
import { rtpengine } from "./rtpengine/index.ts";
import { type AnyTarget, erase } from "./target.ts";

export const targets: readonly AnyTarget[] = [erase(kamailio), erase(rtpengine), erase(nftables)];
