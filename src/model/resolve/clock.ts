/** The clocks of time zones: how far they are ahead of UTC, and when that changes. */
import type { Model, TimeZoneModel, TrunkModel, YearModel } from "../model.ts";

/**
 * From here on the clocks are known, for as many years as it takes until all dates fall on the same days of the week
 * again; what comes after repeats them. Fixed, so that a build does not depend on its day.
 */
const firstYear = 2026;
const cycle = 28;

const minute = 60_000;
const day = 1440 * minute;

/** The clocks of all time zones that routes name, sorted. */
export function clocksOf(trunks: readonly TrunkModel[]): Model["time_zones"] {
  const names = new Set<string>();
  for (const { routes } of trunks)
    for (const { match } of routes)
      for (const { time_zone } of [...(match.hours ?? []), ...(match.not_hours ?? [])]) names.add(time_zone);
  return [...names].sort().map(clockOf);
}

/** Finding the changes takes many questions to Intl, whose answers stay the same. */
const found = new Map<string, TimeZoneModel>();

/** The clocks of one time zone. Throws where there is no zone of that name. */
export function clockOf(name: string): TimeZoneModel {
  const known = found.get(name);
  if (known !== undefined) return known;
  const offsetAt = offsets(name);
  const years = Array.from({ length: cycle }, (_, i): YearModel => yearOf(firstYear + i, offsetAt));
  const zone = { name, years };
  found.set(name, zone);
  return zone;
}

function yearOf(year: number, offsetAt: (ms: number) => number): YearModel {
  const end = Date.UTC(year + 1, 0);
  const changes: YearModel["changes"][number][] = [];
  let last = Date.UTC(year, 0);
  let offset = offsetAt(last);
  // No zone changes its clocks twice within two weeks.
  for (let next = last; last < end; last = next) {
    next = Math.min(last + 14 * day, end);
    const after = offsetAt(next - minute);
    if (after === offset) continue;
    changes.push({ at: clockText(firstWith(after, last, next - minute, offsetAt)), offset: after });
    offset = after;
  }
  return { year, offset: offsetAt(Date.UTC(year, 0)), changes };
}

/** The first minute with an offset, after `before`, which has another one. */
function firstWith(offset: number, before: number, after: number, offsetAt: (ms: number) => number): number {
  let [low, high] = [before, after];
  while (high - low > minute) {
    const middle = low + Math.floor((high - low) / minute / 2) * minute;
    if (offsetAt(middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

/** `MMDDhhmm` of UTC. */
function clockText(ms: number): string {
  return new Date(ms).toISOString().replace(/^\d+-(\d\d)-(\d\d)T(\d\d):(\d\d).*$/, "$1$2$3$4");
}

/** Minutes ahead of UTC at a time. */
function offsets(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (ms) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
    const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0 } = part;
    return Math.round((Date.UTC(year, month - 1, date, hour, minutes) - ms) / minute);
  };
}
