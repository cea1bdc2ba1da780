/** CREW3140: calls whose audio the media relay turns from one codec into another. */
import { join } from "../core/pointer.ts";
import { capability } from "../engine/capabilities.ts";
import type { AgentModel, TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (codec: string) =>
  sampleTrunk({
    agents: { agent_sarah: { uri: "sip:10.0.4.10:5080", codecs: [codec] } },
    sip: { codecs: [{ name: "PCMU" }, { name: "PCMA" }] },
  });

export const check = {
  code: "CREW3140",
  name: "noTranscodedCall",
  severity: "info",
  summary: "Every call of a trunk to an agent is transcoded.",
  why: "A transcoded call costs the edge many times the CPU of one that passes, adds some 20 ms of delay, and sounds no better than the poorer of the two codecs.",
  bad: sample("opus"),
  good: sample("PCMU"),
  run(model, report) {
    // Elsewhere it is an error.
    if (capability(model.edge.engine, "transcoding").status !== "yes") return;
    const agents = new Map(model.agents.map((a) => [a.key, a]));
    for (const trunk of model.trunks) {
      if (trunk.transcode === "never") continue;
      const seen = new Set<string>();
      for (const route of trunk.routes)
        for (const destination of route.destinations) {
          if (destination.type !== "agent" || seen.has(destination.agent)) continue;
          seen.add(destination.agent);
          const agent = agents.get(destination.agent);
          if (agent === undefined || !apart(trunk, agent)) continue;
          const carrier = trunk.codecs.map((c) => c.name);
          report({
            pointer:
              trunk.transcode === "always" ? join(trunk.at, "sip", "transcode") : join(agent.at, "codecs"),
            message: `Calls of trunk '${trunk.id}' to agent '${agent.id}' are transcoded: ${carrier.join(", ")} ↔ ${(agent.codecs ?? carrier).join(", ")}.`,
            related: [{ pointer: join(trunk.at, "sip", "codecs"), label: `codecs of trunk '${trunk.id}'` }],
            help:
              trunk.transcode === "always"
                ? "Set 'transcode' to 'auto': then codecs that both speak pass."
                : "Nothing needs to change. A codec that both speak would pass as it is.",
          });
        }
    }
  },
} satisfies Check;

function apart(trunk: TrunkModel, { codecs }: AgentModel): boolean {
  return (
    trunk.transcode === "always" ||
    codecs?.every((codec) => trunk.codecs.every((c) => c.name !== codec)) === true
  );
}
