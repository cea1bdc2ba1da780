/** What a config asks of the engine. */

import { type JsonPointer, join } from "../core/pointer.ts";
import type { CapabilityName } from "../engine/capability-names.ts";
import type { Model } from "../model/model.ts";

export interface Need {
  readonly capability: CapabilityName;
  readonly at: JsonPointer;
  /** The config's wish as a noun phrase. */
  readonly wish: string;
  /** What to do instead. */
  readonly instead: string;
}

export function needs(model: Model): Need[] {
  const { network } = model.edge;
  const found: Need[] = [];
  for (const side of ["carrier", "agents"] as const)
    if (network[side].tcp !== undefined)
      found.push({
        capability: "tcp",
        at: join(network.at, side, "tcp"),
        wish: `TCP on the ${side === "carrier" ? "carrier" : "agent"} side`,
        instead: `Set 'network.${side}.tcp' to false.`,
      });
  for (const trunk of model.trunks) {
    if (trunk.auth.type === "digest") {
      found.push({
        capability: trunk.auth.algorithm === "SHA-256" ? "sha256_digest" : "digest_inbound",
        at: trunk.auth.at,
        wish: `Digest on trunk '${trunk.id}'`,
        instead: "Use 'ip_allowlist'.",
      });
    }
    if (trunk.nat)
      found.push({
        capability: "learned_media",
        at: join(trunk.at, "sip", trunk.auth.type === "digest" ? "auth" : "nat"),
        wish: `Learned media on trunk '${trunk.id}'`,
        instead: "Set 'nat: false' on the trunk where the other end has a public address.",
      });
    for (const codec of trunk.codecs)
      if (codec.sample_rate !== undefined)
        found.push({
          capability: "opus_sample_rate",
          at: join(codec.at, "sample_rate"),
          wish: `A sample rate for opus on trunk '${trunk.id}'`,
          instead: "Remove 'sample_rate'.",
        });
  }
  for (const agent of model.agents)
    if (agent.nat)
      found.push({
        capability: "learned_media",
        at: join(agent.at, "nat"),
        wish: `Learned media of agent '${agent.id}'`,
        instead: "Set 'nat: false' on the agent.",
      });
  return found;
}

/** Needs whose lack leaves the edge safe and calls working. */
export const mild: ReadonlySet<CapabilityName> = new Set(["opus_sample_rate"]);
