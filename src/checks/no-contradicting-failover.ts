/** CREW2218: a code that goes on and stops. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (stop: number) => sampleTrunk({ sip: { failover: { continue_on: [486], stop_on: [stop] } } });

export const check = {
  code: "CREW2218",
  name: "noContradictingFailover",
  severity: "error",
  summary: "A SIP code leads to the next choice and ends the attempt.",
  why: "An answer does one of the two.",
  beside: "any",
  bad: sample(486),
  good: sample(503),
  run(model, report) {
    for (const { at, failover } of model.trunks)
      for (const code of failover.stop_on.filter((c) => failover.continue_on.includes(c)))
        report({
          pointer: join(at, "sip", "failover", "stop_on"),
          message: `${code} stands in 'stop_on' and in 'continue_on'.`,
          related: [{ pointer: join(at, "sip", "failover", "continue_on"), label: "the other list" }],
          help: "Remove it from one of the lists.",
        });
  },
} satisfies Check;
