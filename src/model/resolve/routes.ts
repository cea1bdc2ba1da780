/** Inbound routes: destinations resolved to agents and trunks. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { Destination, NumberPlan, RouteModel } from "../model.ts";
import type { forward as forwardSchema, route as routeSchema } from "../schema/route.ts";
import { describeMatch, resolveMatch } from "./match.ts";
import { resolveNumber } from "./number.ts";
import { withReason } from "./reason.ts";
import type { Report } from "./report.ts";
import { knowsTrunk } from "./via.ts";

type RouteDraft = z.output<typeof routeSchema>;
type Choice = Pick<RouteDraft, "agent_id" | "forward" | "refuse">;
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
  const match = resolveMatch(draft.match, at, context.plan, context.report);
  const destinations = resolveDestinations(draft, at, context);
  if (match === undefined || destinations === undefined) return undefined;
  const label = `inbound_routes › ${describeMatch(match)}`;
  const { ring_timeout } = draft;
  return ring_timeout === undefined
    ? { at, index, label, match, destinations }
    : { at, index, label, match, destinations, ring_timeout };
}

function resolveDestinations(
  draft: RouteDraft,
  at: JsonPointer,
  context: RouteContext,
): Destination[] | undefined {
  const { agent_id, forward, refuse, on_failure } = draft;
  const given = Number(agent_id !== undefined) + Number(forward !== undefined) + Number(refuse !== undefined);
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
  const first = resolveChoice(draft, at, context);
  if (on_failure === undefined) return first && [first];
  const next = on_failure.map((choice, i) => resolveChoice(choice, join(at, "on_failure", i), context));
  const all = [first, ...next].filter((d) => d !== undefined);
  return all.length === 1 + next.length ? all : undefined;
}

/** The one choice that is given. */
function resolveChoice(
  { agent_id, forward, refuse }: Choice,
  at: JsonPointer,
  context: RouteContext,
): Destination | undefined {
  if (agent_id !== undefined) return resolveAgentId(agent_id, at, context);
  if (forward !== undefined) return resolveForward(forward, join(at, "forward"), context);
  return refuse && { at: join(at, "refuse"), type: "refuse", ...withReason(refuse) };
}

function resolveAgentId(id: string, at: JsonPointer, context: RouteContext): Destination | undefined {
  const place = `${at}/agent_id`;
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

function resolveForward(
  draft: ForwardDraft,
  at: JsonPointer,
  context: RouteContext,
): Destination | undefined {
  const { report, plan, trunk, trunks } = context;
  const wish = typeof draft === "string" ? { number: draft } : draft;
  const { via = trunk } = wish;
  const known = via === trunk || knowsTrunk(via, trunks, join(at, "via"), report);
  if ("extension" in wish)
    return known ? { at, type: "forward", number: wish.extension, extension: true, via } : undefined;
  const number = resolveNumber(
    wish.number,
    plan,
    typeof draft === "string" ? at : join(at, "number"),
    report,
  );
  return number === undefined || !known ? undefined : { at, type: "forward", number, via };
}
