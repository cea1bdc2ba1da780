/** What a trunk may use, defaults in place. */
import type { z } from "zod";
import type { LimitPair, LimitsModel } from "../model.ts";
import type { limits as limitsSchema } from "../schema/limits.ts";
import { withReason } from "./reason.ts";

type LimitsDraft = z.output<typeof limitsSchema>;

export function resolveLimits(draft: LimitsDraft = {}): LimitsModel {
  // What the media relay gives up cannot be ended any more, so that the edge has to be first.
  const silence = draft.media_timeout ?? (draft.call_minutes === undefined ? undefined : 60);
  return {
    ...pair(draft),
    inbound: pair(draft.inbound),
    outbound: pair(draft.outbound),
    ...(draft.call_minutes === undefined ? {} : { call_minutes: draft.call_minutes }),
    ...(silence === undefined ? {} : { media_timeout: silence }),
    response: withReason(draft.response ?? { code: 503 }),
  };
}

function pair({ calls, calls_per_second }: NonNullable<LimitsDraft["inbound"]> = {}): LimitPair {
  return {
    ...(calls === undefined ? {} : { calls }),
    ...(calls_per_second === undefined ? {} : { calls_per_second }),
  };
}
