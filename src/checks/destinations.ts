/** Which numbers a trunk lets through. */
import type { OutboundModel, PrefixEntry } from "../model/model.ts";

/** The entry that refuses a number, `"unlisted"` where none allows it, `undefined` where it may be called. */
export function refusing(outbound: OutboundModel, number: string): PrefixEntry | "unlisted" | undefined {
  const begins = ({ prefix }: PrefixEntry) => covers(prefix, number);
  const denied = outbound.denied_destinations.find(begins);
  if (denied !== undefined) return denied;
  return outbound.allowed_destinations.some(begins) ? undefined : "unlisted";
}

/** Whether an entry means a number, or all that another entry does; `+` is every number, a short number only itself. */
export function covers(prefix: string, number: string): boolean {
  return prefix === number || prefix === "+" || (prefix.startsWith("+") && number.startsWith(prefix));
}
