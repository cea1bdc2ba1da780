/** Features of a trunk's calls that this target does not act on yet. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { join } from "../../../core/pointer.ts";
import type { TrunkModel } from "../../../model/model.ts";
import { warning } from "./warning.ts";

/** Only what differs from the default: what nobody asked for needs no warning. */
export function ofFeatures(trunk: TrunkModel): Diagnostic[] {
  return [...ofMedia(trunk), ...ofSignalling(trunk), ...ofLimits(trunk)];
}

function ofMedia(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.dtmf !== "auto")
    found.push(
      warning(
        "CREW4012",
        join(sip, "dtmf"),
        `'dtmf' of trunk '${trunk.id}' is not acted on yet: digits cross as they come.`,
        "Set both ends to the same kind of DTMF.",
      ),
    );
  return found;
}

function ofSignalling(trunk: TrunkModel): Diagnostic[] {
  const sip = join(trunk.at, "sip");
  const found: Diagnostic[] = [];
  if (trunk.refer !== "off")
    found.push(
      warning(
        "CREW4015",
        join(sip, "refer"),
        `'refer' of trunk '${trunk.id}' is not acted on yet: REFER is refused.`,
        "Have the agent ask its own system for the transfer.",
      ),
    );
  return found;
}

function ofLimits({ id, at, limits }: TrunkModel): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (limits.call_minutes !== 240)
    found.push(
      warning(
        "CREW4018",
        join(at, "limits", "call_minutes"),
        `'call_minutes' of trunk '${id}' is not acted on yet: calls may last for ever.`,
        "A call whose media ends gives its place back, but neither side is told.",
      ),
    );
  return found;
}
