/** Features of a trunk's calls that this target does not act on yet. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { TrunkModel } from "../../../model/model.ts";
import { warning } from "./warning.ts";

/** Only what differs from the default: what nobody asked for needs no warning. */
export function ofFeatures(trunk: TrunkModel): Diagnostic[] {
  return [...ofMedia(trunk), ...ofSignalling(trunk)];
}

function ofMedia(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.dtmf === "info")
    found.push(
      warning(
        "CREW4012",
        join(sip, "dtmf"),
        `'dtmf' of trunk '${trunk.id}' is not acted on yet: telephone events do not become INFO, digits cross as they come.`,
        "Set both ends to the same kind of DTMF, or 'dtmf' to 'rfc4733'.",
      ),
    );
  return found;
}

function ofSignalling(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.session_timer !== undefined && trunk.session_timer.at !== sip)
    found.push(
      warning(
        "CREW4014",
        trunk.session_timer.at,
        `'session_timer' of trunk '${trunk.id}' is not acted on yet: the edge adds no session timer.`,
        "Set a session timer at one of the two ends: it passes.",
      ),
    );
  return found;
}
