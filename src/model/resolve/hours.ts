/** Parts of the week: within days, in time zones that exist. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { HoursModel } from "../model.ts";
import { type hours as hoursSchema, days as week } from "../schema/condition.ts";
import { timeZones } from "../schema/time-zones.ts";
import type { Report } from "./report.ts";

type HoursDraft = z.output<typeof hoursSchema>;

/** One entry of the config, in two parts where it goes on past midnight; `undefined` where there is no such time zone. */
export function resolveHours(draft: HoursDraft, at: JsonPointer, report: Report): HoursModel[] | undefined {
  const time_zone = zoneName(draft.time_zone);
  if (time_zone === undefined) {
    reportZone(draft.time_zone, join(at, "time_zone"), report);
    return undefined;
  }
  const chosen = week.filter((day) => draft.days === undefined || draft.days.includes(day));
  const [from, to] = [minutes(draft.from), minutes(draft.to)];
  if (from <= to) return [{ at, time_zone, days: chosen, from, to }];
  const next = week.filter((_, i) => chosen.includes(week[(i + 6) % 7] ?? "mon"));
  const evening = { at, time_zone, days: chosen, from, to: 1440 };
  return to === 0 ? [evening] : [evening, { at, time_zone, days: next, from: 0, to }];
}

function minutes(time: string): number {
  const [hour = "", minute = ""] = time.split(":");
  return Number(hour) * 60 + Number(minute);
}

/** The name as the database spells it: programs that read it from a file tell cases apart. */
function zoneName(text: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function reportZone(text: string, at: JsonPointer, report: Report): void {
  const nearest =
    suggest(text, timeZones) ??
    timeZones.find((zone) => zone.toLowerCase().endsWith(`/${text.toLowerCase().replaceAll(" ", "_")}`));
  report({
    code: "CREW2120",
    severity: "error",
    pointer: at,
    message: `There is no time zone '${text}'.`,
    why: "Hours count on the clocks of a place, with its daylight saving time; places have names in the IANA time zone database.",
    help:
      nearest === undefined
        ? "Write a name such as 'Europe/Berlin' or 'America/New_York'."
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
}
