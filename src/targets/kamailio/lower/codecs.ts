/** Codec lists as rtpengine flags. */
import type { CodecName } from "../../../model/model.ts";

/**
 * Flags that leave exactly these codecs, in this order, and telephone events, of what is offered; nothing is transcoded.
 * Opus is only ever kept in place (`codec-except`): on every engine line, offering or stripping it by name makes rtpengine
 * add telephone-event/48000, and an agent that picks that gets transcoded. A list with Opus further down therefore keeps the
 * offerer's order. Only the dash form of flags is read by every line.
 */
export function codecFlags(codecs: readonly CodecName[]): string {
  const except = (names: readonly string[]) => names.map((c) => `codec-except-${c}`);
  const offer = (names: readonly string[]) => names.map((c) => `codec-offer-${c}`);
  const place = codecs.indexOf("opus");
  const rest = codecs.slice(1);
  const order =
    place < 0
      ? offer([...codecs, "telephone-event"])
      : place === 0
        ? [...except(["opus", "telephone-event"]), ...offer(rest)]
        : except([...codecs, "telephone-event"]);
  return ["codec-strip-all", ...order].join(" ");
}
