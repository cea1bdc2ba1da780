/** What a config asks of the engine. */

import { type JsonPointer, join } from "../core/pointer.ts";
import type { CapabilityName } from "../engine/capability-names.ts";
import type { Model, TrunkModel } from "../model/model.ts";

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
    found.push(...ofOutbound(trunk), ...ofTranscoding(trunk, model), ...ofDigits(trunk));
    if (trunk.auth.type === "client_certificate")
      found.push({
        capability: "tls_client_certificate",
        at: trunk.auth.at,
        wish: `A client certificate on trunk '${trunk.id}'`,
        instead: "Use 'ip_allowlist'.",
      });
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
    if (trunk.media_encryption !== "disabled")
      found.push({
        capability: "srtp",
        at: join(trunk.at, "sip", "media_encryption"),
        wish: `Encrypted media on trunk '${trunk.id}'`,
        instead: "Set 'media_encryption' to 'disabled'.",
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
  for (const agent of model.agents) {
    if (agent.auth !== undefined)
      found.push({
        capability: agent.auth.algorithm === "SHA-256" ? "sha256_digest" : "digest_inbound",
        at: agent.auth.at,
        wish: `The password of agent '${agent.id}'`,
        instead: "Use 'allowed_ips'.",
      });
    if (agent.nat)
      found.push({
        capability: "learned_media",
        at: join(agent.at, agent.auth === undefined ? "nat" : "auth"),
        wish: `Learned media of agent '${agent.id}'`,
        instead: "Set 'nat: false' on the agent.",
      });
    if (agent.media_encryption !== "disabled")
      found.push({
        capability: "srtp",
        at: join(agent.at, "media_encryption"),
        wish: `Encrypted media of agent '${agent.id}'`,
        instead: "Set 'media_encryption' of the agent to 'disabled'.",
      });
  }
  return found;
}

function ofOutbound({ id, outbound }: TrunkModel): Need[] {
  if (outbound === undefined) return [];
  const found: Need[] = [];
  for (const transport of ["tcp", "tls"] as const) {
    const target = outbound.targets.find((t) => t.transport === transport);
    if (target !== undefined)
      found.push({
        capability: transport,
        at: target.at,
        wish: `${transport.toUpperCase()} towards the provider of trunk '${id}'`,
        instead: "Set 'transport: \"udp\"' in 'outbound'.",
      });
  }
  if (outbound.auth !== undefined)
    found.push({
      capability: "outbound_digest",
      at: outbound.auth.at,
      wish: `A password at the provider of trunk '${id}'`,
      instead: "Have the provider know the edge by its address.",
    });
  if (outbound.register !== undefined)
    found.push({
      capability: "outbound_registration",
      at: outbound.register.at,
      wish: `The registration of trunk '${id}'`,
      instead: "Have the provider send calls to the edge's address.",
    });
  return found;
}

/** The relay plays digits only into audio that it decodes. */
function ofDigits({ at, id, dtmf }: TrunkModel): Need[] {
  if (dtmf === "auto") return [];
  return [
    {
      capability: "transcoding",
      at: join(at, "sip", "dtmf"),
      wish: `Digits of trunk '${id}' in one form, however they come,`,
      instead: "Set 'dtmf' to 'auto'.",
    },
  ];
}

/** Whether anything transcodes is known only on the wire, but for `always` and for sides without a common codec. */
function ofTranscoding(trunk: TrunkModel, model: Model): Need[] {
  if (trunk.transcode === "never") return [];
  if (trunk.transcode === "always")
    return [
      {
        capability: "transcoding",
        at: join(trunk.at, "sip", "transcode"),
        wish: `Transcoding on trunk '${trunk.id}'`,
        instead: "Set 'transcode' to 'never' and list a codec that both sides speak.",
      },
    ];
  return model.agents
    .filter(
      ({ key, codecs }) =>
        codecs?.every((c) => trunk.codecs.every((t) => t.name !== c)) === true &&
        trunk.routes.some((r) => r.destinations.some((d) => d.type === "agent" && d.agent === key)),
    )
    .map((agent) => ({
      capability: "transcoding" as const,
      at: join(agent.at, "codecs"),
      wish: `Transcoding between trunk '${trunk.id}' and agent '${agent.id}', which have no codec in common,`,
      instead: "Add a codec that both speak.",
    }));
}

/** Needs whose lack leaves the edge safe and calls working. */
export const mild: ReadonlySet<CapabilityName> = new Set(["opus_sample_rate"]);
