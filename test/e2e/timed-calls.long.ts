/** Twenty minutes with session timers on both sides, as carriers set them: half an hour, and ten minutes. */
import { expect, test } from "vitest";
import { summary, timedCalls } from "./timed-calls.ts";

test("are refreshed through the edge, and both sides hear each other all the time", async () => {
  const { calls, complaints } = await timedCalls({ seconds: 1200, expires: { asterisk: 1800, sipp: 600 } });
  console.log(summary(calls));
  const refresh = (method: string, direction: string, expires: number): string =>
    `${method} ${direction}, ${expires};refresher=uac: 200 ${expires};refresher=uac`;
  const both = [refresh("UPDATE", "sent", 1800), refresh("UPDATE", "received", 1800)];
  expect(calls).toMatchObject([
    { answered: true, by: "carrier", refreshes: both },
    { answered: true, by: "agent", refreshes: both },
    { answered: true, by: "carrier", refreshes: Array(3).fill(refresh("UPDATE", "sent", 600)) },
    { answered: true, by: "carrier", refreshes: Array(3).fill(refresh("INVITE", "sent", 600)) },
  ]);
  for (const { name, seconds, heard } of calls) {
    expect(seconds, name).toBeGreaterThanOrEqual(1199);
    for (const [side, share] of Object.entries(heard))
      expect(share, `${side} of ${name}`).toBeGreaterThan(0.95);
  }
  expect(complaints).toEqual([]);
}, 2_100_000);
