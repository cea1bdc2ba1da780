/** The two BYEs that end a call, each as the other side would have sent it. */
import type { EndableCall } from "./call-label.ts";
import { type Outgoing, requestWithin, type Sender } from "./within.ts";

export type EndReason = "call_minutes" | "media_timeout";

/** Higher than that of any request of the call (RFC 3261 section 12.2.1.1), with room below 2³¹ for what the proxy adds. */
const cseq = 2_147_480_000;

const texts: Readonly<Record<EndReason, string>> = {
  call_minutes: "Longest duration reached",
  media_timeout: "No media",
};

/** Both BYEs, the caller's first; none where the call's own words cannot be read with this key. */
export function byesOf(call: EndableCall, reason: EndReason, from: Sender): readonly Outgoing[] {
  const headers = [["Reason", `Q.850;cause=31;text="${texts[reason]}"`]] as const;
  return (["caller", "callee"] as const).flatMap((as) => {
    // The record of the call is written with the first one.
    const words = { method: "BYE", cseq, reason: as === "caller" ? reason : "-", headers } as const;
    return requestWithin(call, as, words, from) ?? [];
  });
}
