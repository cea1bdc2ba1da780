/** CREW2217: hours that exclude nothing. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";
import { byZone, isWholeWeek, spansOf } from "./week.ts";

const sample = (to: string) =>
  sampleTrunk({
    sip: {
      inbound_routes: [
        {
          match: { to_user: "main", hours: { time_zone: "Europe/Berlin", from: "00:00", to } },
          agent_id: "agent_sarah",
        },
      ],
    },
  });

export const check = {
  code: "CREW2217",
  name: "noIdleHours",
  severity: "warning",
  summary: "The hours of a route are the whole week.",
  why: "Such hours exclude no call; most often a day or a time was forgotten.",
  beside: "any",
  bad: sample("24:00"),
  good: sample("18:00"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { at, match } of trunk.routes)
        if (
          match.hours !== undefined &&
          [...byZone(match.hours).values()].some((entries) => isWholeWeek(spansOf(entries)))
        )
          report({
            pointer: join(at, "match", "hours"),
            message: "These hours are the whole week.",
            help: "Remove 'hours', or leave out the days and times at which the route does not hold.",
          });
  },
} satisfies Check;
