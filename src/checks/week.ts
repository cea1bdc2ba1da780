/** Parts of the week as spans of minutes, Monday 00:00 first. */
import type { Day, HoursModel } from "../model/model.ts";

/** First minute and first minute behind. */
export type Span = readonly [number, number];

const order: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const day = 1440;

/** Spans of entries of one time zone in order, those that touch each other as one. */
export function spansOf(hours: readonly HoursModel[]): Span[] {
  const all = hours.flatMap(({ days, from, to }) =>
    days.map((d): Span => [order.indexOf(d) * day + from, order.indexOf(d) * day + to]),
  );
  const merged: [number, number][] = [];
  for (const [from, to] of all.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

export function isWholeWeek(spans: readonly Span[]): boolean {
  return spans.length === 1 && spans[0]?.[0] === 0 && spans[0][1] === 7 * day;
}

/** Whether all of `inner` lies in `outer`. */
export function liesIn(inner: readonly Span[], outer: readonly Span[]): boolean {
  return inner.every(([from, to]) => outer.some((o) => o[0] <= from && to <= o[1]));
}

/** The entries of each time zone. */
export function byZone(hours: readonly HoursModel[]): ReadonlyMap<string, readonly HoursModel[]> {
  const zones = new Map<string, HoursModel[]>();
  for (const entry of hours) {
    const held = zones.get(entry.time_zone);
    if (held === undefined) zones.set(entry.time_zone, [entry]);
    else held.push(entry);
  }
  return zones;
}
