/** CREW3125: media keys that everybody on the way can read. */
import { join } from "../core/pointer.ts";
import type { TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const sample = (transport: string) =>
  sampleEdge(
    {
      network: {
        tls: {
          certificate: "/etc/crew/edge.pem",
          private_key: "/etc/crew/edge.key",
          ca: "/etc/crew/peers-ca.pem",
        },
      },
    },
    {
      agents: {
        agent_sarah: { uri: `sip:10.0.4.10:5061;transport=${transport}`, media_encryption: "required" },
      },
    },
  );

export const check = {
  code: "CREW3125",
  name: "noClearKeys",
  severity: "warning",
  summary: "Media is encrypted, but its keys cross the network in the clear.",
  why: "The keys of SRTP travel in the SIP messages (SDES, RFC 4568). Over UDP or TCP whoever sees the messages can decrypt the audio.",
  bad: sample("tcp"),
  good: sample("tls"),
  run(model, report) {
    const { network } = model.edge;
    for (const trunk of model.trunks) {
      if (trunk.media_encryption === "disabled" || trunk.keys_over_clear_signalling) continue;
      const without =
        trunk.media_encryption === "required" ? "its calls are refused" : "its media is in clear";
      if (network.carrier.tls === undefined)
        report({
          pointer: join(trunk.at, "sip", "media_encryption"),
          message: `Trunk '${trunk.id}' is to encrypt media, but the carrier side has no TLS to carry the keys: ${without}.`,
          help: "Give the edge a certificate ('network.tls') and the other end TLS; 'keys_over_clear_signalling: true' lets the keys travel in clear.",
        });
      const clear = trunk.outbound?.targets.find((t) => t.transport !== "tls");
      if (clear !== undefined)
        report({
          pointer: clear.at,
          message: `Trunk '${trunk.id}' is to encrypt media, but calls go out over ${clear.transport.toUpperCase()}, which shows the keys: ${without}.`,
          related: [{ pointer: join(trunk.at, "sip", "media_encryption"), label: "asked for here" }],
          help: "Set 'transport: \"tls\"' in 'outbound'; 'keys_over_clear_signalling: true' lets the keys travel in clear.",
        });
    }
    for (const agent of model.agents) {
      if (agent.media_encryption === "disabled") continue;
      const clear = agent.targets.find((t) => t.transport !== "tls");
      if (clear === undefined) continue;
      const required = agent.media_encryption === "required";
      const blocked = model.trunks.find((t) => !t.keys_over_clear_signalling && calls(t, agent.key));
      // Whoever lets keys travel in clear knows.
      if (required && blocked === undefined && model.trunks.some((t) => calls(t, agent.key))) continue;
      const without = required ? "it gets no calls there" : "its media is in clear there";
      report({
        pointer: join(agent.at, "media_encryption"),
        message: `Agent '${agent.id}' is to encrypt media, but ${clear.transport.toUpperCase()} would show the keys: ${without}.`,
        related: [{ pointer: clear.at, label: "not TLS" }],
        help: `Write ';transport=tls' at the end of the agent's URI${required ? "; 'keys_over_clear_signalling: true' on the trunk lets the keys travel in clear" : ""}.`,
      });
    }
  },
} satisfies Check;

function calls(trunk: TrunkModel, agent: string): boolean {
  return trunk.routes.some((r) => r.destinations.some((d) => d.type === "agent" && d.agent === agent));
}
