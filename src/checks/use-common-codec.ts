/** CREW3120: a trunk and an agent that share no codec. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (codec: string) =>
  sampleTrunk({
    agents: { agent_sarah: { uri: "sip:10.0.4.10:5080", codecs: [codec] } },
    sip: { codecs: [{ name: "PCMU" }, { name: "PCMA" }], transcode: "never" },
  });

export const check = {
  code: "CREW3120",
  name: "useCommonCodec",
  severity: "error",
  summary: "A trunk and an agent that it calls have no codec in common, and nothing transcodes.",
  why: "Where 'transcode' is 'never', the two sides must speak one codec, else every call ends with 488 Not Acceptable Here.",
  bad: sample("opus"),
  good: sample("PCMU"),
  run(model, report) {
    const agents = new Map(model.agents.filter((a) => a.codecs !== undefined).map((a) => [a.key, a]));
    if (agents.size === 0) return;
    for (const trunk of model.trunks) {
      // Else each side gets a codec of its own, and the media relay turns one into the other.
      if (trunk.transcode !== "never") continue;
      const spoken = new Set(trunk.codecs.map((c) => c.name));
      const seen = new Set<string>();
      for (const route of trunk.routes)
        for (const destination of route.destinations) {
          const agent = destination.type === "agent" ? agents.get(destination.agent) : undefined;
          if (agent?.codecs === undefined || seen.has(agent.key)) continue;
          seen.add(agent.key);
          if (agent.codecs.some((codec) => spoken.has(codec))) continue;
          report({
            pointer: join(agent.at, "codecs"),
            message: `Agent '${agent.id}' speaks ${agent.codecs.join(", ")}, trunk '${trunk.id}' ${[...spoken].join(", ")}: nothing in common.`,
            related: [{ pointer: join(trunk.at, "sip", "codecs"), label: `codecs of trunk '${trunk.id}'` }],
            help: "Add a codec that both speak (every telephone speaks PCMU or PCMA), or set 'transcode' to 'auto'.",
          });
        }
    }
  },
} satisfies Check;
