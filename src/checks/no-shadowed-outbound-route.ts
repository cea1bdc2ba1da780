/** CREW2221: an outbound rule behind a wider one. */
import { join } from "../core/pointer.ts";
import type { OutboundRouteModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const trunk = { country: "US", sip: { outbound: { uri: "sip:provider.example" } } };
const wide = { match: { to_prefix: "+1" }, via: "acme" };
const narrow = { match: { to_prefix: "+1415" }, via: "acme" };

export const check = {
  code: "CREW2221",
  name: "noShadowedOutboundRoute",
  severity: "error",
  summary: "An outbound route can never match, because one before it takes all its calls.",
  why: "Routes are tried in file order and the first that matches wins, so a wide rule hides every narrower rule below it.",
  beside: "any",
  bad: sampleEdge({ outbound_routes: [wide, narrow] }, trunk),
  good: sampleEdge({ outbound_routes: [narrow, wide] }, trunk),
  run(model, report) {
    const first = new Map<string, OutboundRouteModel>();
    for (const route of model.edge.outbound_routes) {
      const by = widerKeys(route)
        .flatMap((key) => first.get(key) ?? [])
        .sort((a, b) => a.index - b.index)[0];
      if (by !== undefined)
        report({
          pointer: join(route.at, "match"),
          message: `The route for ${name(route)} never gets a call: the one for ${name(by)} takes them all.`,
          related: [{ pointer: join(by.at, "match"), label: "this one takes them" }],
          help: "Move the narrower rule before the wider one, or remove it.",
        });
      const [own = ""] = widerKeys(route);
      if (!first.has(own)) first.set(own, route);
    }
  },
} satisfies Check;

/** A route's own key, then those of all routes that would take its calls. */
function widerKeys({ match }: OutboundRouteModel): string[] {
  const { to_number, to_prefix, agents } = match;
  const start = to_number ?? to_prefix ?? "";
  const called = [
    ...(to_number === undefined ? [] : [`n${to_number}`]),
    ...Array.from({ length: start.length + 1 }, (_, i) => `p${start.slice(0, start.length - i)}`),
  ];
  const callers = agents === undefined ? [""] : [agents.join(" "), ""];
  return callers.flatMap((caller) => called.map((c) => `${caller}\n${c}`));
}

function name(route: OutboundRouteModel): string {
  return route.label.replace("outbound_routes › ", "");
}
