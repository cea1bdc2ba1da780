/** CREW4202: something that the chosen engine line does not serve. */
import { capability } from "../engine/capabilities.ts";
import type { Check } from "./check.ts";
import { mild, needs } from "./needs.ts";
import { sampleEdge } from "./sample.ts";

const sample = (nat: boolean) =>
  sampleEdge(
    { engine: "5.6", network: { carrier: { tcp: false }, agents: { tcp: false } } },
    { agents: { agent_sarah: { uri: "sip:10.0.4.10:5080", nat } } },
  );

export const check = {
  code: "CREW4202",
  name: "noMissingCapability",
  severity: "error",
  summary: "The config asks for something that the chosen engine line does not serve.",
  why: "The engine line is the set of Kamailio and rtpengine packages that runs the edge; older ones do less. The README has the table.",
  bad: sample(true),
  good: sample(false),
  run(model, report) {
    const line = model.edge.engine;
    for (const need of needs(model)) {
      const found = capability(line, need.capability);
      if (found.status === "no")
        report({
          pointer: need.at,
          ...(mild.has(need.capability) ? { severity: "warning" as const } : {}),
          message: `${need.wish} is not served by engine line ${line}: ${found.reason}.`,
          help: `Use engine line 6.1, or do without: ${need.instead}`,
        });
    }
  },
} satisfies Check;
