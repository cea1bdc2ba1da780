/** Many SIPp calls of several kinds at once, summed up. */
import { join } from "node:path";
import { type SippResult, sippCall } from "../../src/phone/sipp.ts";
import { type Caller, caller } from "../../src/phone/sipp-caller.ts";
import type { Lab } from "./netns.ts";

export interface MixPart {
  readonly name: string;
  readonly caller: Caller;
  readonly calls: number;
  /** Calls a second. */
  readonly rate: number;
  /** What every call of this part must end with; default 200, 487 where the caller cancels. */
  readonly code?: number;
}

export interface MixResult {
  readonly calls: number;
  /** Calls that ended as their part wants it. */
  readonly asWanted: number;
  readonly retransmissions: number;
  readonly parts: Readonly<Record<string, SippResult>>;
  /** What went otherwise, one line each; empty where all calls went as wanted. */
  readonly problems: readonly string[];
}

/**
 * Runs all parts at the same time from one address, each from a port of its own (6000 and up), to `remote` (host:port).
 * Traces nothing, for load.
 */
export async function mix(
  lab: Lab,
  from: string,
  remote: string,
  parts: readonly MixPart[],
): Promise<MixResult> {
  const launcher = await lab.host(from);
  const results = await Promise.all(
    parts.map((part, i) => {
      const { name, calls, rate } = part;
      const run = {
        launcher,
        tools: lab.tools,
        dir: join(lab.dir, "mix"),
        name,
        address: from,
        port: 6000 + i,
      };
      // Without a limit of its own SIPp stops new calls at three times the rate.
      const load = { calls, rate, atOnce: calls, rtpPort: 10000 + i * 1000, trace: false, receiveMs: 60_000 };
      return sippCall({ ...run, ...load, remote }, caller(part.caller));
    }),
  );
  const wanted = (part: MixPart): number =>
    part.code ?? (part.caller.cancelAfterMs === undefined ? 200 : 487);
  const good = parts.map((part, i) => Math.min(results[i]?.ok ?? 0, results[i]?.codes[wanted(part)] ?? 0));
  return {
    calls: parts.reduce((sum, part) => sum + part.calls, 0),
    asWanted: good.reduce((a, b) => a + b, 0),
    retransmissions: results.reduce((sum, r) => sum + r.retransmissions, 0),
    parts: Object.fromEntries(parts.map((part, i) => [part.name, results[i] as SippResult])),
    problems: parts.flatMap((part, i) =>
      good[i] === part.calls
        ? []
        : [
            `${part.name}: ${good[i]} of ${part.calls} with ${wanted(part)}; ${JSON.stringify(results[i]?.codes)} ${results[i]?.errors}`,
          ],
    ),
  };
}
