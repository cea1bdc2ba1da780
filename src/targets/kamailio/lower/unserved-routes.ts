/** What routes may ask for and this target does not act on yet. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import { type JsonPointer, join } from "../../../core/pointer.ts";
import type { Model, RouteModel, TrunkModel } from "../../../model/model.ts";
import { unservedCondition } from "./routes.ts";
import { warning } from "./warning.ts";

/** One warning for each kind and trunk: there may be thousands of such routes. */
export function ofRoutes(trunk: TrunkModel, model: Model): Diagnostic[] {
  return [...ofConditions(trunk), ...ofForwards(trunk, model)];
}

const properties = {
  to_pattern: { code: "CREW4020", name: "to_pattern" },
  headers: { code: "CREW4021", name: "header" },
  hours: { code: "CREW4022", name: "hours" },
  not_hours: { code: "CREW4022", name: "not_hours" },
} as const;

function ofConditions(trunk: TrunkModel): Diagnostic[] {
  const first = new Map<keyof typeof properties, RouteModel>();
  for (const route of trunk.routes) {
    const condition = unservedCondition(route.match);
    if (condition !== undefined && !first.has(condition)) first.set(condition, route);
  }
  return [...first].map(([condition, route]) => {
    const { code, name } = properties[condition];
    return warning(
      code,
      join(route.at, "match", name),
      `'${name}' in routes of trunk '${trunk.id}' is not acted on yet: such a route takes no call.`,
      "The routes after it decide.",
    );
  });
}

function ofForwards(trunk: TrunkModel, model: Model): Diagnostic[] {
  const ways = new Map<string, JsonPointer>();
  for (const route of trunk.routes)
    for (const d of route.destinations) if (d.type === "forward" && !ways.has(d.via)) ways.set(d.via, d.at);
  const [first] = ways.values();
  if (first === undefined) return [];
  const found = [
    warning(
      "CREW4023",
      first,
      `'forward' in routes of trunk '${trunk.id}' is not acted on yet: such a call is refused with 503.`,
      "Name an agent that takes the call.",
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
