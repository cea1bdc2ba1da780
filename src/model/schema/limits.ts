/** What a trunk may use. */
import { z } from "zod";
import { refusal } from "./refusal.ts";

const calls = z.int().min(1).max(100_000);
const callsPerSecond = z.int().min(1).max(10_000);

const limitPair = z
  .strictObject({
    calls: calls
      .describe("Calls of this direction at the same time, ringing ones included. Default: no limit.")
      .optional(),
    calls_per_second: callsPerSecond
      .describe("New calls of this direction in a second. Default: no limit.")
      .optional(),
  })
  .meta({ title: "LimitPair" });

export const limits = z
  .strictObject({
    calls: calls
      .describe(
        "Calls at the same time, of both directions, ringing ones included; a forwarded call counts on both of its trunks, and what a route refuses needs no place. Default: no limit.",
      )
      .optional(),
    calls_per_second: callsPerSecond
      .describe(
        "New calls in a second, of both directions; those of agents wait as under `outbound`. Those that find the trunk full count too; those that no route takes or that a route refuses do not. Default: no limit.",
      )
      .optional(),
    inbound: limitPair.describe("What calls from the carrier side may use of it. Default: all.").optional(),
    outbound: limitPair
      .describe(
        "What calls to the carrier side may use of it; beyond it, a call goes to the outbound route's next trunk. Where there is none, an agent's call that is over `calls_per_second` waits for its turn, two seconds at most, and does not count meanwhile; any other is refused at once. Default: all.",
      )
      .optional(),
    call_minutes: z
      .int()
      .min(1)
      .max(1440)
      .describe(
        "Minutes after its INVITE at which a call is ended, with a BYE to both sides; for a forwarded call the shorter one of its trunks counts. Calls whose media relay has crashed are not ended. Default: no limit.",
      )
      .optional(),
    media_timeout: z
      .int()
      .min(10)
      .max(3600)
      .describe(
        "Seconds in which neither side sends a packet, after which a call is ended, with a BYE to both; one side that still sends keeps the call, since the other may be silent for good reasons (mute with DTX); a side that is gone while the other sends is what `session_timer` finds. On hold, where a side has said that it does not send, it is 58 minutes. Default: 60 where `call_minutes` is set; else such a call is not ended, but has no media ports any more after 60 seconds, or after the edge's largest `media_timeout` and 30 seconds where that is longer.",
      )
      .optional(),
    response: refusal.describe("What a full trunk answers. Default: 503 Service Unavailable.").optional(),
  })
  .describe("What the trunk may use.")
  .meta({ title: "Limits" });
