/** Where an inbound call goes, and why: what the edge decides, from the Model alone. */
import type { Destination, HeaderCondition, MatchModel, Model, RouteModel } from "../model/model.ts";
import { isIn } from "./clock.ts";
import { readNumber } from "./number.ts";

/** A call as its INVITE describes it. */
export interface InboundCall {
  /** Id of the trunk that it comes from. */
  readonly trunk: string;
  /** User part of the Request-URI, of To and of From, as they stand there; absent where there is none. */
  readonly user?: string;
  readonly to?: string;
  readonly from?: string;
  /** In order, as they stand in the INVITE. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** When it comes, in seconds since 1970. */
  readonly time: number;
}

/** What kept a route that is for the called party from taking the call. */
export type Missed = "caller" | "caller_prefix" | "header" | "hours" | "not_hours";

export interface Decision {
  /** The route that takes the call; absent: it is refused with 404. */
  readonly route?: RouteModel;
  /** What the agent is called by: a number in E.164, or what was dialled. */
  readonly called: string;
  /** What is tried, in order; empty without a route. */
  readonly destinations: readonly Destination[];
  /** Routes before it that are for the called party too, with their first condition that does not hold. */
  readonly passed: readonly { readonly route: RouteModel; readonly missed: Missed }[];
}

/** Decides for a call. Throws where the Model has no such trunk. */
export function decide(model: Model, call: InboundCall): Decision {
  const trunk = model.trunks.find((t) => t.id === call.trunk);
  if (trunk === undefined) throw new Error(`the Model has no trunk ${call.trunk}`);
  const user = call.user === trunk.id ? call.to : call.user;
  if (user === undefined) return { called: "", destinations: [], passed: [] };
  const reading = readNumber(user, trunk.number_plan);
  // Digits that could be two numbers are the national one, unless only the other has a route of its own.
  const own = (number: string) => number !== "" && trunk.routes.some((r) => exactKey(r.match) === number);
  const number = own(reading.other) && !own(reading.number) ? reading.other : reading.number;
  const from = call.from === undefined ? "" : readNumber(call.from, trunk.number_plan).number;
  const passed: Decision["passed"][number][] = [];
  for (const route of trunk.routes) {
    const { match } = route;
    if (!isForCalled(match, user, number)) continue;
    const missed = firstMissed(match, from, call, model);
    if (missed !== undefined) {
      passed.push({ route, missed });
      continue;
    }
    const literal =
      (namesUser(match) && match.to_user === user) || match.to_pattern !== undefined || number === "";
    return { route, called: literal ? user : number, destinations: route.destinations, passed };
  }
  return { called: user, destinations: [], passed };
}

/** The number or user of a route that asks for nothing else. */
function exactKey(match: MatchModel): string | undefined {
  const { to_user, to_number, ...further } = match;
  if (Object.keys(further).length > 0 || (to_user !== undefined && to_number !== undefined)) return undefined;
  return to_user ?? to_number;
}

/** Whether a route asks for a user part as it was dialled; one that is a number in E.164 is that number. */
function namesUser({ to_user, to_number }: MatchModel): boolean {
  return to_user !== undefined && (to_number !== undefined || !/^\+[1-9][0-9]{1,14}$/.test(to_user));
}

function isForCalled(match: MatchModel, user: string, number: string): boolean {
  const { to_user, to_number, to_prefix, to_pattern } = match;
  return (
    (to_user === undefined ||
      to_user === user ||
      (to_user === number && (!namesUser(match) || exactKey(match) === number))) &&
    (to_number === undefined || to_number === number) &&
    (to_prefix === undefined || number.startsWith(to_prefix)) &&
    (to_pattern === undefined || new RegExp(`^(?:${to_pattern})$`).test(user))
  );
}

function firstMissed(match: MatchModel, from: string, call: InboundCall, model: Model): Missed | undefined {
  const { caller, caller_prefix, headers = [], hours, not_hours = [] } = match;
  const now = (h: NonNullable<typeof hours>[number]) => isIn(h, call.time, model.time_zones);
  if (caller !== undefined && caller !== from) return "caller";
  if (caller_prefix !== undefined && !from.startsWith(caller_prefix)) return "caller_prefix";
  if (!headers.every((condition) => hasHeader(condition, call.headers))) return "header";
  if (hours !== undefined && !hours.some(now)) return "hours";
  return not_hours.some(now) ? "not_hours" : undefined;
}

/** Long names of the headers that have a short one (RFC 3261 section 7.3.3 and later). */
const compact: Readonly<Record<string, string>> = {
  b: "referred-by",
  c: "content-type",
  e: "content-encoding",
  k: "supported",
  o: "event",
  r: "refer-to",
  s: "subject",
  u: "allow-events",
  x: "session-expires",
};

function longName(name: string): string {
  const lower = name.toLowerCase();
  return compact[lower] ?? lower;
}

/** One header of the name that fits is enough; a folded one counts as if it stood on one line. */
function hasHeader(condition: HeaderCondition, headers: InboundCall["headers"]): boolean {
  const wanted = longName(condition.name);
  return headers.some(({ name, value }) => {
    if (longName(name) !== wanted) return false;
    if (condition.test === "present") return true;
    const text = value.replaceAll(/[\t ]*[\r\n]+[\t ]+/g, " ").replace(/^[\s]+|[\s]+$/g, "");
    return condition.test === "equals" ? text === condition.value : text.includes(condition.value);
  });
}
