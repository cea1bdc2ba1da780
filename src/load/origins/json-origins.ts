/** Origins of a config that is JSON: pointers follow its text. */
import type { Origins } from "../../core/origins.ts";
import { segments } from "../../core/pointer.ts";
import type { Span } from "../../core/span.ts";
import { jsonPlaces } from "../json-places.ts";
import { lineStarts, positionAt } from "../place.ts";

/** The text is known to be JSON without repeated names; it is read when the first place is asked for. */
export function jsonOrigins(file: string, text: string): Origins {
  let read:
    | { readonly places: ReturnType<typeof jsonPlaces>; readonly starts: readonly number[] }
    | undefined;
  return {
    async locate(pointer, part = "value"): Promise<Span | undefined> {
      read ??= { places: jsonPlaces(text), starts: lineStarts(text) };
      const { start, end } = read.places.find(segments(pointer), part);
      return { file, start: positionAt(read.starts, start), end: positionAt(read.starts, end) };
    },
  };
}
