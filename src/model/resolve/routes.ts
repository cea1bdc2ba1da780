/** Inbound routes: conditions in canonical form, destinations resolved to agents. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { Destination, MatchModel, NumberPlan, RouteModel } from "../model.ts";
import type { refusal, route as routeSchema } from "../schema/route.ts";
import { toE164 } from "./number.ts";
import { defaultReason } from "./reason.ts";
import type { Report } from "./report.ts";

type RouteDraft = z.output<typeof routeSchema>;

export interface RouteContext {
  readonly trunk: string;
  readonly plan: NumberPlan | undefined;
  /** Agent id to the key in the Model; `undefined` for an unknown id. */
  readonly agentKey: (id: string) => string | undefined;
  /** Ids that may be named; `undefined` where the trunk was given no agents at all. */
  readonly known: readonly string[] | undefined;
  readonly report: Report;
}

/** The routes that could be resolved; `at` is where their list stands. */
export function resolveRoutes(
  drafts: readonly RouteDraft[],
  at: JsonPointer,
  context: RouteContext,
): RouteModel[] {
  const routes: RouteModel[] = [];
  for (const [index, draft] of drafts.entries()) {
    const route = resolveRoute(draft, index, join(at, index), context);
    if (route !== undefined) routes.push(route);
  }
  return routes;
}

/** Pointers are made only where something is wrong: there may be a million routes. */
function resolveRoute(
  draft: RouteDraft,
  index: number,
  at: JsonPointer,
  context: RouteContext,
): RouteModel | undefined {
  const match = resolveMatch(draft.match, at, context);
  const destinations = resolveDestinations(draft, at, context);
  if (match === undefined || destinations === undefined) return undefined;
  const label = `inbound_routes › ${describeMatch(match)}`;
  const { ring_timeout } = draft;
  return ring_timeout === undefined
    ? { at, index, label, match, destinations }
    : { at, index, label, match, destinations, ring_timeout };
}

/** Conditions that are numbers, and the properties that they come from. */
const numbers = [
  ["to_number", "to_uri"],
  ["to_prefix", "to_prefix"],
  ["caller", "caller"],
  ["caller_prefix", "caller_prefix"],
] as const satisfies readonly (readonly [keyof MatchModel, keyof RouteDraft["match"]])[];

function resolveMatch(
  draft: RouteDraft["match"],
  route: JsonPointer,
  context: RouteContext,
): MatchModel | undefined {
  const match: { -readonly [K in keyof MatchModel]: MatchModel[K] } = {};
  let good = true;
  if (draft.to_user !== undefined) match.to_user = draft.to_user;
  for (const [key, property] of numbers) {
    const text = draft[property];
    if (text === undefined) continue;
    const isWhole = !property.endsWith("prefix") || !text.startsWith("+");
    const value = isWhole ? toE164(text, context.plan) : text;
    if (value !== undefined) match[key] = value;
    else {
      reportNumber(text, join(route, "match", property), context.report);
      good = false;
    }
  }
  return good ? match : undefined;
}

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
  const { agent_id, refuse, on_failure } = draft;
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
  const first = agent_id === undefined ? refuse && toRefusal(refuse, at) : toAgent(agent_id, at, context);
  if (on_failure === undefined) return first && [first];
  const next = on_failure.map((choice, i) => {
    const place = join(at, "on_failure", i);
    return "refuse" in choice ? toRefusal(choice.refuse, place) : toAgent(choice.agent_id, place, context);
  });
  const all = [first, ...next].filter((d) => d !== undefined);
  return all.length === 1 + next.length ? all : undefined;
}

function toRefusal(draft: z.output<typeof refusal>, at: JsonPointer): Destination {
  const { code, reason = defaultReason(code) } = draft;
  return { at: join(at, "refuse"), type: "refuse", code, reason };
}

function toAgent(id: string, at: JsonPointer, context: RouteContext): Destination | undefined {
  const place = join(at, "agent_id");
  const agent = context.agentKey(id);
  if (agent !== undefined) return { at: place, type: "agent", agent };
  if (context.known === undefined)
    return { at: place, type: "refuse", code: 480, reason: "Agent Not Configured" };
  const nearest = suggest(id, context.known);
  context.report({
    code: "CREW2101",
    severity: "error",
    pointer: place,
    message: `Trunk '${context.trunk}' has no agent '${id}'.`,
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
