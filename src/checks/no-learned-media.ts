/** CREW3123: media addresses that are learned from packets. */
import { join } from "../core/pointer.ts";
import { capability } from "../engine/capabilities.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (nat: boolean) => sampleTrunk({ sip: { nat } });

export const check = {
  code: "CREW3123",
  name: "noLearnedMedia",
  severity: "warning",
  summary: "The media address of a peer is learned from its first packets.",
  why: "Behind NAT the address in the SDP is wrong, so the media relay takes the first packets that arrive for those of the peer. In these first seconds somebody who guesses the port can get in between; afterwards the source is held fast.",
  bad: sample(true),
  good: sample(false),
  run(model, report) {
    // Where the engine line cannot do it at all, CREW4201 and CREW4202 say so.
    if (capability(model.edge.engine, "learned_media").status !== "yes") return;
    for (const trunk of model.trunks)
      if (trunk.nat)
        report({
          pointer: join(trunk.at, "sip", trunk.auth.type === "digest" ? "auth" : "nat"),
          message: `Media addresses of trunk '${trunk.id}' are learned from the first packets.`,
          help:
            trunk.auth.type === "digest"
              ? "Set 'nat: false' on the trunk where the other end has a public address of its own (digest takes NAT for granted)."
              : "Set 'nat: false' where the other end has a public address of its own.",
        });
    for (const agent of model.agents)
      if (agent.nat)
        report({
          pointer: join(agent.at, agent.auth === undefined ? "nat" : "auth"),
          message: `Media addresses of agent '${agent.id}' are learned from the first packets.`,
          help:
            agent.auth === undefined
              ? "Set 'nat: false' where no NAT lies between the edge and the agent."
              : "Set 'nat: false' on the agent where no NAT lies between it and the edge ('auth' takes NAT for granted).",
        });
  },
} satisfies Check;
