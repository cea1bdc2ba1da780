/** The clocks of time zones as the Model holds them, against what Intl says of single moments. */
import { describe, expect, it } from "vitest";
import type { TimeZoneModel } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { clockOf } from "../../src/model/resolve/clock.ts";
import { clockAt } from "../../src/simulate/clock.ts";

/** Day and time on the clocks of a place. */
function shown(timeZone: string, time: number): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  })
    .format(time * 1000)
    .toLowerCase();
}

function known(zone: TimeZoneModel, time: number): string {
  const { day, minute } = clockAt(zone, time);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${day} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

describe("the clocks", () => {
  // Two changes a year, none, half hours, a change of half an hour, changes by the moon.
  it.each(["Europe/Berlin", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"])(
    "of %s are those of Intl, up to the minute of each change",
    (zone) => {
      const model = clockOf(zone);
      const changes = model.years.flatMap(({ year, changes }) =>
        changes.map(({ at }) => {
          const [month = 0, day = 0, hour = 0, minute = 0] = (at.match(/../g) ?? []).map(Number);
          return Date.UTC(year, month - 1, day, hour, minute) / 1000;
        }),
      );
      const others = Array.from({ length: 200 }, (_, i) => Date.UTC(2026, 0, 1, 0, i * 73_000) / 1000);
      const times = [...changes.slice(0, 40).flatMap((t) => [t - 1, t]), ...others];
      expect(times.map((t) => known(model, t))).toEqual(times.map((t) => shown(zone, t)));
    },
  );

  it("begin anew after 28 years: Europe's rules go on", () => {
    const berlin = clockOf("Europe/Berlin");
    const time = Date.UTC(2054, 2, 29, 1, 0) / 1000;
    expect([known(berlin, time - 1), known(berlin, time)]).toEqual(["sun 01:59", "sun 03:00"]);
  });
});

it("the Model has the zones that hours name, each once, in order", () => {
  const zones = (text: string) => ({ time_zone: text, from: "09:00", to: "17:00" });
  const routes = [
    { match: { hours: [zones("Europe/Berlin"), zones("America/New_York")] }, refuse: { code: 404 } },
    { match: { to_user: "a", not_hours: zones("europe/berlin") }, refuse: { code: 404 } },
  ];
  const { value } = parseConfig({ sip: { inbound_routes: routes } });
  expect(value?.time_zones.map((z) => z.name)).toEqual(["America/New_York", "Europe/Berlin"]);
  expect(parseConfig({ sip: {} }).value?.time_zones).toEqual([]);
});
