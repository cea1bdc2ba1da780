/**
 * The options of rtpengine.conf that crew writes. rtpengine ignores names that it does not know and takes 0 for a number
 * that it cannot read, so that nothing but this table stands between a slip and a relay with other settings.
 */
import type { EngineLine } from "../../model/model.ts";

export type Option =
  | {
      readonly kind: "integer";
      readonly min: number;
      readonly max: number;
      readonly lines: readonly EngineLine[];
    }
  | { readonly kind: "boolean"; readonly lines: readonly EngineLine[] }
  | { readonly kind: "choice"; readonly values: readonly string[]; readonly lines: readonly EngineLine[] }
  | { readonly kind: "interfaces" | "endpoint"; readonly lines: readonly EngineLine[] };

const every: readonly EngineLine[] = ["6.1", "6.0", "5.6"];
const seconds = { kind: "integer", min: 0, max: 86_400, lines: every } as const;
const port = { kind: "integer", min: 1024, max: 65_535, lines: every } as const;

/** rtpengine(8) of 10.5, 12.5 and 26.0. */
export const options = {
  interface: { kind: "interfaces", lines: every },
  "listen-ng": { kind: "endpoint", lines: every },
  "listen-cli": { kind: "endpoint", lines: every },
  "port-min": port,
  "port-max": port,
  timeout: seconds,
  "silent-timeout": seconds,
  "offer-timeout": seconds,
  "delete-delay": seconds,
  "media-num-threads": { kind: "integer", min: 1, max: 64, lines: every },
  "poller-per-thread": { kind: "boolean", lines: every },
  tos: { kind: "integer", min: 0, max: 255, lines: every },
  "endpoint-learning": { kind: "choice", values: ["delayed", "immediate", "off", "heuristic"], lines: every },
  table: { kind: "integer", min: -1, max: 63, lines: every },
  "dtmf-log-dest": { kind: "endpoint", lines: every },
  "dtmf-no-log-injects": { kind: "boolean", lines: ["6.1", "6.0"] },
  foreground: { kind: "boolean", lines: every },
  "log-stderr": { kind: "boolean", lines: every },
  "log-level": { kind: "integer", min: -1, max: 7, lines: every },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;
