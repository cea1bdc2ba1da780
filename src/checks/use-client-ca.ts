/** CREW3129: client certificates that nothing can check. */
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" };
const trunk = {
  crew_id: "acme",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    auth: { type: "client_certificate", name: "pbx.example.com" },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
};

export const check = {
  code: "CREW3129",
  name: "useClientCa",
  severity: "error",
  summary: "A trunk is known by a certificate, but the edge cannot check certificates.",
  why: "A name in a certificate is worth what the CA behind it is worth: without TLS there is no certificate, and without a CA anybody can make one with that name.",
  bad: sampleEdge({ trunks: [trunk], network: { tls } }),
  good: sampleEdge({ trunks: [trunk], network: { tls: { ...tls, ca: "/etc/crew/peers-ca.pem" } } }),
  run(model, report) {
    const { network } = model.edge;
    for (const { id, auth } of model.trunks) {
      if (auth.type !== "client_certificate") continue;
      const lack =
        network.tls === undefined
          ? "the edge has no certificate of its own, without which there is no TLS in either direction"
          : network.carrier.tls === undefined
            ? "the carrier side has no TLS port"
            : network.tls.ca === undefined
              ? "'network.tls' names no CA to check it with"
              : undefined;
      if (lack !== undefined)
        report({
          pointer: auth.at,
          message: `Trunk '${id}' is known by the certificate of '${auth.name}', but ${lack}.`,
          help: "Give 'network.tls' the paths of 'certificate', 'private_key' and 'ca', and leave 'network.carrier.tls' on.",
        });
    }
  },
} satisfies Check;
