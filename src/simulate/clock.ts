/** The time of a call on the clocks of a place. */
import type { Day, HoursModel, TimeZoneModel } from "../model/model.ts";

const days: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Whether a time, in seconds since 1970, is in the hours. Throws where the Model does not have their time zone. */
export function isIn(hours: HoursModel, time: number, zones: readonly TimeZoneModel[]): boolean {
  const zone = zones.find((z) => z.name === hours.time_zone);
  if (zone === undefined) throw new Error(`the Model has no time zone ${hours.time_zone}`);
  const { day, minute } = clockAt(zone, time);
  return hours.days.includes(day) && hours.from <= minute && minute < hours.to;
}

/** Day and minute of the day that the clocks of a time zone show. */
export function clockAt(zone: TimeZoneModel, time: number): { readonly day: Day; readonly minute: number } {
  // 1 January 1970 was a Thursday.
  const local = Math.floor(time / 60) + offsetAt(zone, time) + 3 * 1440;
  const day = days[((Math.floor(local / 1440) % 7) + 7) % 7] ?? "mon";
  return { day, minute: ((local % 1440) + 1440) % 1440 };
}

function offsetAt({ years }: TimeZoneModel, time: number): number {
  const date = new Date(time * 1000);
  const first = years[0]?.year ?? 0;
  const since = date.getUTCFullYear() - first;
  const year = years[((since % years.length) + years.length) % years.length];
  // Month to minute, as changes are written.
  const now = date.toISOString().replace(/^\d+-(\d\d)-(\d\d)T(\d\d):(\d\d).*$/, "$1$2$3$4");
  const last = year?.changes.findLast((change) => change.at <= now);
  return last?.offset ?? year?.offset ?? 0;
}
