/** CREW2216: hours that never come. */
import { join } from "../core/pointer.ts";
import type { HoursModel, MatchModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { byZone, isWholeWeek, liesIn, spansOf } from "./week.ts";

const office = (from: string, to: string) => ({ time_zone: "Europe/Berlin", from, to });
const sample = (to: string) =>
  sampleTrunk({
    sip: {
      inbound_routes: [{ match: { to_user: "main", hours: office("09:00", to) }, agent_id: "agent_sarah" }],
    },
  });

export const check = {
  code: "CREW2216",
  name: "noImpossibleHours",
  severity: "error",
  summary: "The hours of a route cover nothing, or never hold.",
  why: "A route without a minute in which it holds gets no call, and its calls go to the rules after it.",
  beside: "any",
  bad: sample("09:00"),
  good: sample("17:30"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { at, match } of trunk.routes) {
        const empty = [...(match.hours ?? []), ...(match.not_hours ?? [])].filter((h) => h.from === h.to);
        for (const entry of empty)
          report({
            pointer: entry.at,
            message: "These hours end in the minute in which they begin.",
            help: 'Write \'from: "00:00", to: "24:00"\' for the whole day.',
          });
        if (empty.length === 0 && neverHolds(match))
          report({
            pointer: join(at, "match", "not_hours"),
            message:
              match.hours === undefined
                ? "'not_hours' covers the whole week, so this route never gets a call."
                : "'not_hours' covers all of 'hours', so this route never gets a call.",
            help: "Leave a part of the week for the route.",
          });
      }
  },
} satisfies Check;

/** Hours of different time zones are not compared: their clocks shift against each other. */
function neverHolds({ hours, not_hours }: MatchModel): boolean {
  if (not_hours === undefined) return false;
  const closed = byZone(not_hours);
  if ([...closed.values()].some((entries) => isWholeWeek(spansOf(entries)))) return true;
  if (hours === undefined) return false;
  return [...byZone(hours)].every(([zone, entries]: [string, readonly HoursModel[]]) =>
    liesIn(spansOf(entries), spansOf(closed.get(zone) ?? [])),
  );
}
