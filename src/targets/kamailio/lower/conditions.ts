/** Conditions of rules as fields of a row, and as tables of headers and hours that rules share. */
import type { HoursModel, MatchModel, RouteModel, TimeZoneModel, TrunkModel } from "../../../model/model.ts";
import type { Row, RuleField } from "../doc.ts";
import { separator } from "./separator.ts";

export interface ConditionTables {
  /** `<set>:<n>` → a header of a set, all of which must be there. */
  readonly headers: readonly Row[];
  /** `<set>:<n>` → hours of a set, any of which will do. */
  readonly hours: readonly Row[];
}

export interface Rules {
  readonly fields: readonly RuleField[];
  /** The row of a rule, without its key. */
  value(route: RouteModel, chain: string): string;
  /** What the rows so far refer to. */
  tables(): ConditionTables;
}

/** Sets of rows under names `<prefix>1`, `<prefix>2` and so on; the same rows make one set. */
function sets(prefix: string) {
  const names = new Map<string, string>();
  const rows: Row[] = [];
  return {
    rows,
    name(entries: readonly Omit<Row, "key">[]): string {
      const identity = entries.map((e) => e.value).join("\n");
      const known = names.get(identity);
      if (known !== undefined) return known;
      const name = `${prefix}${names.size + 1}`;
      names.set(identity, name);
      rows.push(...entries.map((e, i) => ({ ...e, key: `${name}:${i}` })));
      return name;
    },
  };
}

/** Gathers rules of all trunks. */
export function rulesOf(trunks: readonly TrunkModel[]): Rules {
  const some = (property: keyof MatchModel) =>
    trunks.some((t) => t.routes.some((r) => r.match[property] !== undefined));
  const fields: readonly RuleField[] = [
    ...(["place", "chain", "to_user", "to_number", "to_prefix", "caller", "caller_prefix"] as const),
    ...(some("to_pattern") ? (["to_pattern"] as const) : []),
    ...(some("headers") ? (["header"] as const) : []),
    ...(some("hours") ? (["hours"] as const) : []),
    ...(some("not_hours") ? (["not_hours"] as const) : []),
  ];
  const headers = sets("x");
  const hours = sets("h");
  const hoursSet = (entries: readonly HoursModel[] | undefined) =>
    entries && hours.name(entries.map(hoursRow));
  const read: Record<RuleField, (route: RouteModel, chain: string) => string | number | undefined> = {
    place: (r) => r.index,
    chain: (_, chain) => chain,
    to_user: ({ match }) => (asNumber(match) === undefined ? match.to_user : undefined),
    to_number: ({ match }) => match.to_number ?? asNumber(match),
    to_prefix: ({ match }) => match.to_prefix,
    caller: ({ match }) => match.caller,
    caller_prefix: ({ match }) => match.caller_prefix,
    to_pattern: ({ match }) => match.to_pattern,
    header: ({ match }) => match.headers && headers.name(match.headers.map(headerRow)),
    hours: ({ match }) => hoursSet(match.hours),
    not_hours: ({ match }) => hoursSet(match.not_hours),
  };
  return {
    fields,
    value: (route, chain) => fields.map((field) => read[field](route, chain) ?? "").join(separator),
    tables: () => ({ headers: headers.rows, hours: hours.rows }),
  };
}

/** Whether a rule asks for more than the called number or user. */
export function hasFurther(m: MatchModel): boolean {
  return (
    m.to_prefix !== undefined ||
    m.to_pattern !== undefined ||
    m.caller !== undefined ||
    m.caller_prefix !== undefined ||
    m.headers !== undefined ||
    m.hours !== undefined ||
    m.not_hours !== undefined
  );
}

/** A user that is a number in E.164 is called in every form of that number. */
function asNumber({ to_user, to_number }: MatchModel): string | undefined {
  return to_number === undefined && to_user !== undefined && /^\+[1-9][0-9]{1,14}$/.test(to_user)
    ? to_user
    : undefined;
}

function headerRow(header: NonNullable<MatchModel["headers"]>[number]): Omit<Row, "key"> {
  const { at, test, name } = header;
  return { at, value: [test, name, ...("value" in header ? [header.value] : [])].join(separator) };
}

function hoursRow({ at, time_zone, days, from, to }: HoursModel): Omit<Row, "key"> {
  return { at, value: [time_zone, days.join(" "), from, to].join(separator) };
}

/** `<time zone>:<year>` → minutes ahead of UTC and when they change. */
export function clockRows(zones: readonly TimeZoneModel[]): Row[] {
  return zones.flatMap(({ name, years }) =>
    years.map(({ year, offset, changes }) => ({
      key: `${name}:${year}`,
      value: [offset, ...changes.flatMap((c) => [c.at, c.offset])].join(separator),
    })),
  );
}
