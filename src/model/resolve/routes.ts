/** Inbound routes: conditions in canonical form, destinations resolved to agents. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { Destination, MatchModel, NumberPlan, RouteModel } from "../model.ts";
import type { nextChoice, refusal, route as routeSchema } from "../schema/route.ts";
import { toE164 } from "./number.ts";
import { defaultReason } from "./reason.ts";
import type { Report } from "./report.ts";

type RouteDraft = z.output<typeof routeSchema>;
type Choice = z.output<typeof nextChoice>;

export interface RouteContext {
  readonly trunk: string;
  readonly plan: NumberPlan | undefined;
  /** Agent id to the key in the Model; `undefined` for an unknown id. */
  readonly agentKey: (id: string) => string | undefined;
  /** Ids that may be named; `undefined` where the trunk was given no agents at all. */
  readonly known: readonly string[] | undefined;
  readonly report: Report;
}

export function resolveRoute(
  draft: RouteDraft,
  index: number,
  at: JsonPointer,
  context: RouteContext,
): RouteModel | undefined {
  const match = resolveMatch(draft.match, join(at, "match"), context);
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

/** Built property by property: there may be a million routes. */
function resolveMatch(
  draft: RouteDraft["match"],
  at: JsonPointer,
  context: RouteContext,
): MatchModel | undefined {
  const match: { -readonly [K in keyof MatchModel]: MatchModel[K] } = {};
  let good = true;
  const read = (key: Exclude<keyof MatchModel, "to_user">, property: NumberProperty) => {
    const text = draft[property];
    if (text === undefined) return;
    const value = property.endsWith("prefix") && text.startsWith("+") ? text : toE164(text, context.plan);
    if (value === undefined) reportNumber(text, join(at, property), context.report);
    if (value === undefined) good = false;
    else match[key] = value;
  };
  if (draft.to_user !== undefined) match.to_user = draft.to_user;
  read("to_number", "to_uri");
  read("to_prefix", "to_prefix");
  read("caller", "caller");
  read("caller_prefix", "caller_prefix");
  return good ? match : undefined;
}

type NumberProperty = Exclude<keyof RouteDraft["match"], "to_user">;

function reportNumber(text: string, at: JsonPointer, report: Report): void {
  report({
    code: "CREW2103",
    severity: "error",
    pointer: at,
    message: `'${text}' is not a number in E.164.`,
    why: "Numbers are compared in E.164, the form that is the same everywhere; a national form is read only with the trunk's country.",
    help: "Write '+', country code and number, for example '+14155551111', or set 'country' on the trunk.",
  });
}

function resolveDestinations(
  draft: RouteDraft,
  at: JsonPointer,
  context: RouteContext,
): Destination[] | undefined {
  const { agent_id, refuse, on_failure = [] } = draft;
  if ((agent_id === undefined) === (refuse === undefined)) {
    context.report({
      code: "CREW2110",
      severity: "error",
      pointer: at,
      message:
        agent_id === undefined
          ? "The route says nothing of where the call goes."
          : "The route names an agent and a refusal.",
      help: "Give exactly one of 'agent_id' and 'refuse'; what comes after a failure belongs in 'on_failure'.",
    });
    return undefined;
  }
  const destinations: Destination[] = [];
  const add = (choice: Choice, place: JsonPointer) => {
    const destination = resolveChoice(choice, place, context);
    if (destination !== undefined) destinations.push(destination);
  };
  if (agent_id !== undefined) add({ agent_id }, at);
  if (refuse !== undefined) add({ refuse }, at);
  for (const [i, choice] of on_failure.entries()) add(choice, join(at, "on_failure", i));
  return destinations.length === 1 + on_failure.length ? destinations : undefined;
}

function resolveChoice(choice: Choice, at: JsonPointer, context: RouteContext): Destination | undefined {
  if ("refuse" in choice) return { at: join(at, "refuse"), type: "refuse", ...withReason(choice.refuse) };
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

function withReason(draft: z.output<typeof refusal>): { readonly code: number; readonly reason: string } {
  return { code: draft.code, reason: draft.reason ?? defaultReason(draft.code) };
}

/** How people and logs name a rule. */
export function describeMatch(match: MatchModel): string {
  const parts: string[] = [];
  if (match.to_number !== undefined) parts.push(match.to_number);
  if (match.to_user !== undefined) parts.push(match.to_user);
  if (match.to_prefix !== undefined) parts.push(`${match.to_prefix}*`);
  if (match.caller !== undefined) parts.push(`from ${match.caller}`);
  if (match.caller_prefix !== undefined) parts.push(`from ${match.caller_prefix}*`);
  return parts.length === 0 ? "any call" : parts.join(" ");
}
