/** CREW3132: a session timer below its own minimum. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (min: number) => sampleTrunk({ sip: { session_timer: { expires: 600, min } } });

export const check = {
  code: "CREW3132",
  name: "noWrongSessionTimer",
  severity: "error",
  summary: "A session timer is shorter than the shortest that is taken.",
  why: "The edge would ask for a time that it refuses itself: RFC 4028 wants Session-Expires not below Min-SE.",
  beside: "any",
  bad: sample(900),
  good: sample(90),
  run(model, report) {
    for (const { id, session_timer: timer } of model.trunks)
      if (timer !== undefined && timer.min > timer.expires)
        report({
          pointer: timer.at,
          message: `'min' (${timer.min} s) of the session timer of trunk '${id}' is more than 'expires' (${timer.expires} s).`,
          help: "Give 'expires' at least the value of 'min'; 1800 and 90 are usual.",
        });
  },
} satisfies Check;
