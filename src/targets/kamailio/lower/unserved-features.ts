/** Features of a trunk's calls that this target does not act on yet. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { TrunkModel } from "../../../model/model.ts";
import { warning } from "./warning.ts";

/** Only what differs from the default: what nobody asked for needs no warning. */
export function ofFeatures(trunk: TrunkModel): Diagnostic[] {
  if (trunk.dtmf !== "info") return [];
  return [
    warning(
      "CREW4012",
      join(trunk.at, "sip", "dtmf"),
      `'dtmf' of trunk '${trunk.id}' is not acted on yet: telephone events do not become INFO, digits cross as they come.`,
      "Set both ends to the same kind of DTMF, or 'dtmf' to 'rfc4733'.",
    ),
  ];
}
