/** What routes may ask for and this target does not act on yet. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { type JsonPointer, join } from "../../../core/pointer.ts";
import type { Model, TrunkModel } from "../../../model/model.ts";
import { warning } from "./warning.ts";

/** One warning for each kind and trunk: there may be thousands of such routes. */
export function ofRoutes(trunk: TrunkModel, model: Model): Diagnostic[] {
  return [...ofForwards(trunk, model), ...ofCodecs(trunk, model)];
}

function ofForwards(trunk: TrunkModel, model: Model): Diagnostic[] {
  const ways = new Map<string, JsonPointer>();
  const served = (via: string) => model.trunks.some((t) => t.id === via && t.outbound !== undefined);
  for (const route of trunk.routes)
    for (const d of route.destinations)
      if (d.type === "forward" && !served(d.via) && !ways.has(d.via)) ways.set(d.via, d.at);
  const [first] = ways.values();
  if (first === undefined) return [];
  const found = [
    warning(
      "CREW4023",
      first,
      `'forward' in routes of trunk '${trunk.id}' goes to a registration, which is not acted on yet: such a call is refused with 503.`,
      "Forward over a trunk with 'outbound', or name an agent that takes the call.",
    ),
  ];
  const registered = model.trunks.find(
    (t) => t.outbound === undefined && t.auth.type === "digest" && ways.has(t.id),
  );
  if (registered !== undefined)
    found.push(
      warning(
        "CREW4024",
        join(registered.at, "sip", "auth"),
        `Registrations of trunk '${registered.id}' are not acted on yet: nothing can be called there.`,
        "Give the trunk 'outbound' with the address of the other end.",
      ),
    );
  return found;
}

/** With transcoding, sides without a common codec understand each other; without it their calls fail. */
function ofCodecs(trunk: TrunkModel, model: Model): Diagnostic[] {
  if (trunk.transcode === "never") return [];
  const spoken = new Set(trunk.codecs.map((c) => c.name));
  const apart = model.agents.filter((a) => a.codecs?.every((codec) => !spoken.has(codec)) === true);
  return apart
    .filter(({ key }) =>
      trunk.routes.some((r) => r.destinations.some((d) => d.type === "agent" && d.agent === key)),
    )
    .map((agent) =>
      warning(
        "CREW4011",
        join(agent.at, "codecs"),
        `Transcoding is not acted on yet, and agent '${agent.id}' has no codec in common with trunk '${trunk.id}': its calls are refused with 488.`,
        "Add a codec that both speak; every telephone speaks PCMU or PCMA.",
      ),
    );
}
