/** Inbound routes: destinations resolved to agents and trunks. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { Destination, NumberPlan, RouteModel } from "../model.ts";
import type { forward as forwardSchema, nextChoice, route as routeSchema } from "../schema/route.ts";
import { describeMatch, resolveMatch } from "./match.ts";
import { resolveNumber } from "./number.ts";
import { withReason } from "./reason.ts";
import type { Report } from "./report.ts";
import { knowsTrunk } from "./via.ts";

type RouteDraft = z.output<typeof routeSchema>;
type Choice = z.output<typeof nextChoice>;
type ForwardDraft = z.output<typeof forwardSchema>;

export interface RouteContext {
  readonly trunk: string;
  readonly plan: NumberPlan | undefined;
  /** Agent id to the key in the Model; `undefined` for an unknown id. */
  readonly agentKey: (id: string) => string | undefined;
  /** Ids that may be named; `undefined` where the trunk was given no agents at all. */
  readonly known: readonly string[] | undefined;
  /** Ids of all trunks of the edge. */
  readonly trunks: readonly string[];
  readonly report: Report;
}

export function resolveRoute(
  draft: RouteDraft,
  index: number,
  at: JsonPointer,
  context: RouteContext,
): RouteModel | undefined {
  const match = resolveMatch(draft.match, join(at, "match"), context.plan, context.report);
  const destinations = resolveDestinations(draft, at, context);
  if (match === undefined || destinations === undefined) return undefined;
  return {
    at,
    index,
    label: `inbound_routes › ${describeMatch(match)}`,
    match,
    destinations,
    ...(draft.ring_timeout === undefined ? {} : { ring_timeout: draft.ring_timeout }),
  };
}

function resolveDestinations(
  draft: RouteDraft,
  at: JsonPointer,
  context: RouteContext,
): Destination[] | undefined {
  const { agent_id, forward, refuse, on_failure = [] } = draft;
  const given = [agent_id, forward, refuse].filter((choice) => choice !== undefined).length;
  if (given !== 1) {
    context.report({
      code: "CREW2110",
      severity: "error",
      pointer: at,
      message:
        given === 0
          ? "The route says nothing of where the call goes."
          : "The route names more than one of an agent, a number and a refusal.",
      help: "Give exactly one of 'agent_id', 'forward' and 'refuse'; what comes after a failure belongs in 'on_failure'.",
    });
    return undefined;
  }
  const destinations: Destination[] = [];
  const add = (choice: Choice, place: JsonPointer) => {
    const destination = resolveChoice(choice, place, context);
    if (destination !== undefined) destinations.push(destination);
  };
  if (agent_id !== undefined) add({ agent_id }, at);
  if (forward !== undefined) add({ forward }, at);
  if (refuse !== undefined) add({ refuse }, at);
  for (const [i, choice] of on_failure.entries()) add(choice, join(at, "on_failure", i));
  return destinations.length === 1 + on_failure.length ? destinations : undefined;
}

function resolveChoice(choice: Choice, at: JsonPointer, context: RouteContext): Destination | undefined {
  if ("refuse" in choice) return { at: join(at, "refuse"), type: "refuse", ...withReason(choice.refuse) };
  if ("forward" in choice) return resolveForward(choice.forward, join(at, "forward"), context);
  const place = join(at, "agent_id");
  const agent = context.agentKey(choice.agent_id);
  if (agent !== undefined) return { at: place, type: "agent", agent };
  if (context.known === undefined)
    return { at: place, type: "refuse", code: 480, reason: "Agent Not Configured" };
  const nearest = suggest(choice.agent_id, context.known);
  context.report({
    code: "CREW2101",
    severity: "error",
    pointer: place,
    message: `Trunk '${context.trunk}' has no agent '${choice.agent_id}'.`,
    help:
      nearest === undefined
        ? `Known: ${context.known.slice(0, 10).join(", ")}${context.known.length > 10 ? ` and ${context.known.length - 10} more` : ""}.`
        : `Did you mean '${nearest}'?`,
    ...(nearest === undefined
      ? {}
      : {
          fix: {
            applicability: "unsafe" as const,
            title: `Write '${nearest}'`,
            replacement: JSON.stringify(nearest),
          },
        }),
  });
  return undefined;
}

function resolveForward(
  draft: ForwardDraft,
  at: JsonPointer,
  context: RouteContext,
): Destination | undefined {
  const { report, plan, trunk, trunks } = context;
  const { number: text, via = trunk } = typeof draft === "string" ? { number: draft } : draft;
  const number = resolveNumber(text, plan, typeof draft === "string" ? at : join(at, "number"), report);
  const known = via === trunk || knowsTrunk(via, trunks, join(at, "via"), report);
  return number === undefined || !known ? undefined : { at, type: "forward", number, via };
}
