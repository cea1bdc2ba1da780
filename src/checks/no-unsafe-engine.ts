/** CREW4201: something that is unsafe on the chosen engine line. */
import { capability } from "../engine/capabilities.ts";
import type { Check } from "./check.ts";
import { needs } from "./needs.ts";
import { sampleEdge } from "./sample.ts";

const trunk = {
  crew_id: "branch",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080", nat: true } },
};

export const check = {
  code: "CREW4201",
  name: "noUnsafeEngine",
  severity: "error",
  summary: "The config asks for something that is unsafe on the chosen engine line.",
  why: "Old packages have holes that are known and not closed. crew serves on a line only what is safe there.",
  bad: sampleEdge({ engine: "6.0" }, trunk),
  good: sampleEdge({ engine: "6.0" }),
  run(model, report) {
    const line = model.edge.engine;
    for (const need of needs(model)) {
      const found = capability(line, need.capability);
      if (found.status === "unsafe")
        report({
          pointer: need.at,
          message: `${need.wish} is unsafe on engine line ${line}. ${found.reason}.`,
          help: `Use engine line 6.1, or do without: ${need.instead}`,
        });
    }
  },
} satisfies Check;
