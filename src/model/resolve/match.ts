/** Conditions of inbound routes in canonical form. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { HeaderCondition, HoursModel, MatchModel, NumberPlan } from "../model.ts";
import type { headerCondition, hours as hoursSchema } from "../schema/condition.ts";
import type { match as matchSchema } from "../schema/route.ts";
import { resolveHours } from "./hours.ts";
import { resolveNumber } from "./number.ts";
import { readPattern } from "./pattern.ts";
import type { Report } from "./report.ts";

type MatchDraft = z.output<typeof matchSchema>;
type HeaderDraft = z.output<typeof headerCondition>;
type HoursDraft = z.output<typeof hoursSchema>;
type NumberProperty = "to_uri" | "to_prefix" | "caller" | "caller_prefix";

/** Built property by property: there may be a million routes. `undefined` where a condition is refused. */
export function resolveMatch(
  draft: MatchDraft,
  at: JsonPointer,
  plan: NumberPlan | undefined,
  report: Report,
): MatchModel | undefined {
  const match: { -readonly [K in keyof MatchModel]: MatchModel[K] } = {};
  let good = true;
  const read = (key: "to_number" | "to_prefix" | "caller" | "caller_prefix", property: NumberProperty) => {
    const text = draft[property];
    if (text === undefined) return;
    const value =
      property.endsWith("prefix") && text.startsWith("+")
        ? text
        : resolveNumber(text, plan, join(at, property), report);
    if (value === undefined) good = false;
    else match[key] = value;
  };
  if (draft.to_user !== undefined) match.to_user = draft.to_user;
  read("to_number", "to_uri");
  read("to_prefix", "to_prefix");
  if (draft.to_pattern !== undefined) {
    const body = resolvePattern(draft.to_pattern, join(at, "to_pattern"), report);
    if (body === undefined) good = false;
    else match.to_pattern = body;
  }
  read("caller", "caller");
  read("caller_prefix", "caller_prefix");
  if (draft.header !== undefined) match.headers = resolveHeaders(draft.header, join(at, "header"));
  for (const property of ["hours", "not_hours"] as const) {
    const hours = draft[property];
    if (hours === undefined) continue;
    const resolved = resolveAllHours(hours, join(at, property), report);
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
  const parts: string[] = [];
  if (match.to_number !== undefined) parts.push(match.to_number);
  if (match.to_user !== undefined) parts.push(match.to_user);
  if (match.to_prefix !== undefined) parts.push(`${match.to_prefix}*`);
  if (match.to_pattern !== undefined) parts.push(`~${match.to_pattern}`);
  if (match.caller !== undefined) parts.push(`from ${match.caller}`);
  if (match.caller_prefix !== undefined) parts.push(`from ${match.caller_prefix}*`);
  for (const header of match.headers ?? []) parts.push(`with ${header.name}`);
  if (match.hours !== undefined) parts.push("in hours");
  if (match.not_hours !== undefined) parts.push("out of hours");
  return parts.length === 0 ? "any call" : parts.join(" ");
}
