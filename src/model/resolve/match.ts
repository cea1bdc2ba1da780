/** Conditions of inbound routes in canonical form. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { HeaderCondition, HoursModel, MatchModel, NumberPlan } from "../model.ts";
import type { headerCondition, hours as hoursSchema } from "../schema/condition.ts";
import type { match as matchSchema } from "../schema/route.ts";
import { resolveHours } from "./hours.ts";
import { reportNumber, toNumber, toPrefix } from "./number.ts";
import { readPattern } from "./pattern.ts";
import type { Report } from "./report.ts";

type MatchDraft = z.output<typeof matchSchema>;
type HeaderDraft = z.output<typeof headerCondition>;
type HoursDraft = z.output<typeof hoursSchema>;

/** Conditions that are numbers, and the properties that they come from. */
const numbers = [
  ["to_number", "to_uri"],
  ["to_prefix", "to_prefix"],
  ["caller", "caller"],
  ["caller_prefix", "caller_prefix"],
] as const satisfies readonly (readonly [keyof MatchModel, keyof MatchDraft])[];

const allHours = ["hours", "not_hours"] as const;

/**
 * Built property by property, with pointers only where they are needed: there may be a million routes.
 *
 * @param route where the route stands
 * @returns `undefined` where a condition is refused
 */
export function resolveMatch(
  draft: MatchDraft,
  route: JsonPointer,
  plan: NumberPlan | undefined,
  report: Report,
): MatchModel | undefined {
  const match: { -readonly [K in keyof MatchModel]: MatchModel[K] } = {};
  let good = true;
  if (draft.to_user !== undefined) match.to_user = draft.to_user;
  for (const [key, property] of numbers) {
    const text = draft[property];
    if (text === undefined) continue;
    const isPrefix = property.endsWith("prefix");
    const value = !isPrefix ? toNumber(text, plan) : text.startsWith("+") ? text : toPrefix(text, plan);
    if (value !== undefined) match[key] = value;
    else {
      reportNumber(text, join(route, "match", property), report);
      good = false;
    }
  }
  if (draft.to_pattern !== undefined) {
    const body = resolvePattern(draft.to_pattern, join(route, "match", "to_pattern"), report);
    if (body === undefined) good = false;
    else match.to_pattern = body;
  }
  if (draft.header !== undefined)
    match.headers = resolveHeaders(draft.header, join(route, "match", "header"));
  for (const property of allHours) {
    const hours = draft[property];
    if (hours === undefined) continue;
    const resolved = resolveAllHours(hours, join(route, "match", property), report);
    if (resolved === undefined) good = false;
    else match[property] = resolved;
  }
  return good ? match : undefined;
}

function resolvePattern(text: string, at: JsonPointer, report: Report): string | undefined {
  const pattern = readPattern(text);
  if ("body" in pattern) return pattern.body;
  report({
    code: "CREW2119",
    severity: "error",
    pointer: at,
    message: `The pattern '${text}' ${pattern.problem}.`,
    why: "The called number comes from outside, so a pattern must mean the same to every program and never take long to compare.",
    help: pattern.help,
  });
  return undefined;
}

function resolveHeaders(draft: HeaderDraft | readonly HeaderDraft[], at: JsonPointer): HeaderCondition[] {
  return listed(draft, at).map(({ entry, place }): HeaderCondition => {
    const { name } = entry;
    if ("equals" in entry) return { at: place, name, test: "equals", value: entry.equals };
    if ("contains" in entry) return { at: place, name, test: "contains", value: entry.contains };
    return { at: place, name, test: "present" };
  });
}

function resolveAllHours(
  draft: HoursDraft | readonly HoursDraft[],
  at: JsonPointer,
  report: Report,
): HoursModel[] | undefined {
  const found = listed(draft, at).map(({ entry, place }) => resolveHours(entry, place, report));
  const known = found.filter((hours) => hours !== undefined);
  return known.length === found.length ? known.flat() : undefined;
}

/** What may be one thing or a list of them, as a list with places. */
function listed<T extends object>(
  draft: T | readonly T[],
  at: JsonPointer,
): { entry: T; place: JsonPointer }[] {
  return isList(draft)
    ? draft.map((entry, i) => ({ entry, place: join(at, i) }))
    : [{ entry: draft, place: at }];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** How people and logs name a rule. */
export function describeMatch(match: MatchModel): string {
  const { to_prefix, to_pattern, caller, caller_prefix, hours, not_hours } = match;
  let text = append("", match.to_number);
  text = append(text, match.to_user);
  text = append(text, to_prefix && `${to_prefix}*`);
  text = append(text, to_pattern && `~${to_pattern}`);
  text = append(text, caller && `from ${caller}`);
  text = append(text, caller_prefix && `from ${caller_prefix}*`);
  if (match.headers !== undefined) for (const { name } of match.headers) text = append(text, `with ${name}`);
  text = append(text, hours && "in hours");
  text = append(text, not_hours && "out of hours");
  return text === "" ? "any call" : text;
}

function append(text: string, part: string | undefined): string {
  if (part === undefined) return text;
  return text === "" ? part : `${text} ${part}`;
}
