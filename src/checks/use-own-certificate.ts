/** CREW3151: TLS with a certificate that the config does not name. */
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const secure = { agents: { agent_sarah: { uri: "sip:198.51.100.10:5061;transport=tls" } } };
const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" };

export const check = {
  code: "CREW3151",
  name: "useOwnCertificate",
  severity: "warning",
  summary: "The edge speaks TLS, and the config does not say with which certificate.",
  why: "In TLS the edge proves by its certificate who it is. The files stay on the edge, so nobody who reads this config knows where they are unless it says so.",
  bad: sampleEdge({}, secure),
  good: sampleEdge({ network: { tls } }, secure),
  run(model, report) {
    const { network } = model.edge;
    if (network.tls === undefined || network.tls.at !== network.at) return;
    const { certificate, private_key } = network.tls;
    report({
      pointer: network.at,
      message: `The certificate of the edge is expected at ${certificate} and its key at ${private_key}: 'network.tls' does not say where they are.`,
      help: `Write 'tls: { certificate: "${certificate}", private_key: "${private_key}" }' in 'network', with 'ca' where peers' certificates come from a CA of your own.`,
    });
  },
} satisfies Check;
