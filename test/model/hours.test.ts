/** Hours of routes: parts of the week within days, in zones that exist. */
import { describe, expect, it } from "vitest";
import { isWholeWeek, liesIn, spansOf } from "../../src/checks/week.ts";
import type { HoursModel } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { timeZones } from "../../src/model/schema/time-zones.ts";

function parse(hours: unknown) {
  return parseConfig({ sip: { inbound_routes: [{ match: { hours }, refuse: { code: 404 } }] } });
}

function resolved(hours: unknown): string[] {
  const found = parse(hours).value?.trunks[0]?.routes[0]?.match.hours ?? [];
  return found.map((h) => `${h.days.join(",")} ${h.from}-${h.to} ${h.time_zone}`);
}

const berlin = { time_zone: "Europe/Berlin" };

describe("hours", () => {
  it.each([
    [{ ...berlin, from: "09:00", to: "17:30" }, ["mon,tue,wed,thu,fri,sat,sun 540-1050 Europe/Berlin"]],
    [
      { ...berlin, days: ["fri", "mon", "fri"], from: "00:00", to: "24:00" },
      ["mon,fri 0-1440 Europe/Berlin"],
    ],
    [
      { ...berlin, days: ["fri", "sun"], from: "22:00", to: "06:00" },
      ["fri,sun 1320-1440 Europe/Berlin", "mon,sat 0-360 Europe/Berlin"],
    ],
    [{ ...berlin, days: ["sat"], from: "22:00", to: "00:00" }, ["sat 1320-1440 Europe/Berlin"]],
    [
      [
        { ...berlin, days: ["mon"], from: "08:00", to: "12:00" },
        { time_zone: "utc", days: ["tue"], from: "13:00", to: "14:00" },
      ],
      ["mon 480-720 Europe/Berlin", "tue 780-840 UTC"],
    ],
  ])("%j are %j", (hours, expected) => {
    expect(resolved(hours)).toEqual(expected);
  });

  it.each([
    ["Europe/Berln", "Did you mean 'Europe/Berlin'?"],
    ["Berlin", "Did you mean 'Europe/Berlin'?"],
    ["Mars/Olympus", undefined],
  ])("%s is no time zone", (time_zone, help) => {
    const [found, ...others] = parse({ time_zone, from: "09:00", to: "17:00" }).diagnostics;
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      code: "CREW2120",
      pointer: "/sip/inbound_routes/0/match/hours/time_zone",
      ...(help === undefined ? {} : { help }),
    });
  });

  it.each(["9:00", "24:00", "09:60", "0900"])("does not begin at %s", (from) => {
    expect(parse({ ...berlin, from, to: "17:00" }).diagnostics.map((d) => d.code)).toEqual(["CREW2004"]);
  });

  it("complete with names that exist", () => {
    expect(timeZones.length).toBeGreaterThan(300);
    for (const timeZone of timeZones)
      expect(() => new Intl.DateTimeFormat("en", { timeZone }), timeZone).not.toThrow();
  });
});

describe("spans of the week", () => {
  const part = (days: HoursModel["days"], from: number, to: number): HoursModel => ({
    at: "",
    time_zone: "UTC",
    days,
    from,
    to,
  });
  const every = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

  it("join where they touch", () => {
    expect(spansOf([part(["mon"], 600, 1440), part(["tue"], 0, 60), part(["mon"], 540, 700)])).toEqual([
      [540, 1500],
    ]);
    expect(isWholeWeek(spansOf([part(every, 0, 720), part(every, 720, 1440)]))).toBe(true);
    expect(isWholeWeek(spansOf([part(every, 0, 720), part(every, 721, 1440)]))).toBe(false);
  });

  it("lie in each other", () => {
    const office = spansOf([part(["mon", "tue"], 540, 1020)]);
    expect(liesIn(office, spansOf([part(every, 500, 1100)]))).toBe(true);
    expect(liesIn(office, spansOf([part(["mon"], 500, 1100)]))).toBe(false);
    expect(liesIn([], [])).toBe(true);
  });
});
