/** Sessions that would end after a minute without a refresh: the short form of `npm run test:long`. */
import { expect, test } from "vitest";
import { shows } from "../acceptance/shows.ts";
import { summary, timedCalls } from "./timed-calls.ts";

test("are refreshed through the edge, and both sides hear each other all the time", async () => {
  shows("behaviour/17-session-timers");
  // At 90 s whoever does not refresh hangs up after 60 (RFC 4028 section 10).
  const { calls, complaints } = await timedCalls({ seconds: 70, expires: { asterisk: 90, sipp: 90 } });
  console.log(summary(calls));
  const update = ["UPDATE sent, 90;refresher=uac: 200 90;refresher=uac"];
  const both = [...update, "UPDATE received, 90;refresher=uac: 200 90;refresher=uac"];
  const whole = { answered: true };
  expect(calls).toMatchObject([
    { name: "Asterisk to Asterisk, inbound", ...whole, by: "carrier", refreshes: both },
    { name: "Asterisk to Asterisk, outbound", ...whole, by: "agent", refreshes: both },
    { name: "SIPp by UPDATE to Asterisk", ...whole, by: "carrier", refreshes: update },
    {
      name: "SIPp by re-INVITE to baresip",
      ...whole,
      by: "carrier",
      refreshes: ["INVITE sent, 90;refresher=uac: 200 90;refresher=uac"],
    },
  ]);
  for (const { name, seconds, heard } of calls) {
    expect(seconds, name).toBeGreaterThanOrEqual(69);
    for (const [side, share] of Object.entries(heard))
      expect(share, `${side} of ${name}`).toBeGreaterThan(0.95);
  }
  expect(complaints).toEqual([]);
}, 200_000);
