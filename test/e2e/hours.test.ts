/** Hours of routes on the edge's own clock, set to the minutes around changes of daylight saving time. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decide } from "../../src/simulate/decide.ts";
import { startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { clockFrom } from "../lab/tools.ts";
import { carrierSide, type Half, half, loopbackEdge } from "../targets/kamailio/calls.ts";
import { request, statusOf, unique } from "./kit/message.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri"];
const berlin = { time_zone: "Europe/Berlin", days: weekdays, from: "09:00", to: "17:30" };
const newYork = { time_zone: "America/New_York", days: weekdays, from: "08:00", to: "18:00" };
const night = { time_zone: "Europe/Berlin", days: ["sat"], from: "22:00", to: "03:00" };

/** What the route says by its refusal: 410 in the hours, 404 out of them. */
const sample = (to_user: string, match: object) => ({
  match: { to_user, ...match },
  refuse: { code: 410, reason: to_user },
});
const inbound_routes = [
  sample("berlin", { hours: berlin }),
  sample("york", { hours: newYork }),
  sample("either", { hours: [berlin, newYork] }),
  sample("closed", { not_hours: [berlin, night] }),
  sample("night", { hours: night }),
];

/** UTC, and which routes hold then. */
const times: readonly (readonly [string, string])[] = [
  // Winter: Berlin is an hour ahead of UTC, New York five behind.
  ["2026-01-12T07:59:20Z", "closed"],
  ["2026-01-12T08:00:00Z", "berlin either"],
  ["2026-01-12T16:29:20Z", "berlin either york"],
  ["2026-01-12T16:30:00Z", "closed either york"],
  ["2026-01-12T22:59:20Z", "closed either york"],
  ["2026-01-12T23:00:00Z", "closed"],
  // New York changes on 8 March, Berlin on 29 March at 01:00 UTC, in the night to a Sunday.
  ["2026-03-06T12:59:20Z", "berlin either"],
  ["2026-03-06T13:00:00Z", "berlin either york"],
  ["2026-03-09T11:59:20Z", "berlin either"],
  ["2026-03-09T12:00:00Z", "berlin either york"],
  ["2026-03-29T00:59:20Z", "night"],
  // 03:00 comes right after 02:00.
  ["2026-03-29T01:00:00Z", "closed"],
  ["2026-03-30T06:59:20Z", "closed"],
  ["2026-03-30T07:00:00Z", "berlin either"],
  ["2026-03-30T15:30:00Z", "closed either york"],
  // Back on 25 October: the clocks show 02:00 to 03:00 twice.
  ["2026-10-25T00:59:20Z", "night"],
  ["2026-10-25T01:00:00Z", "night"],
  ["2026-10-25T01:59:20Z", "night"],
  ["2026-10-25T02:00:00Z", "closed"],
  ["2026-10-26T08:00:00Z", "berlin either"],
  // A leap day, the last hour of a year, and years that the table does not have.
  ["2028-02-29T08:00:00Z", "berlin either"],
  ["2027-12-31T23:30:00Z", "closed"],
  ["2025-03-31T07:00:00Z", "berlin either"],
  ["2054-03-30T06:59:20Z", "closed"],
  ["2054-03-30T07:00:00Z", "berlin either"],
];

let lab: Lab;
let caller: Half;
beforeAll(async () => {
  lab = await openLab();
  caller = await half(lab, "127.0.0.2", 5070, carrierSide);
});
afterAll(() => lab.close());

/** The users whose routes take their calls. */
async function hold(): Promise<string> {
  const held: string[] = [];
  for (const { match } of inbound_routes) {
    const callId = unique("call");
    await caller.send(request({ at: caller.at, uri: `sip:${match.to_user}@${carrierSide.address}`, callId }));
    const { text } = await caller.peer.receive(
      4000,
      (d) => statusOf(d.text) >= 400 && d.text.includes(callId),
    );
    if (statusOf(text) === 410) held.push(match.to_user);
  }
  return held.sort().join(" ");
}

describe("hours", () => {
  test.each(times)("at %s: %s", async (at, expected) => {
    const time = Date.parse(at) / 1000;
    const edge = await startEdge(lab, loopbackEdge({}, { inbound_routes }), {
      env: await clockFrom(time),
      relay: false,
    });
    const decided = inbound_routes.filter(({ match }) => {
      const call = { trunk: "acme", user: match.to_user, headers: [], time };
      return decide(edge.model, call).route !== undefined;
    });
    expect({
      edge: await hold(),
      decide: decided
        .map((r) => r.match.to_user)
        .sort()
        .join(" "),
    }).toEqual({
      edge: expected.split(" ").sort().join(" "),
      decide: expected.split(" ").sort().join(" "),
    });
    await edge.stop();
  });
});
