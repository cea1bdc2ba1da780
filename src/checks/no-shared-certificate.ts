/** CREW3130: one certificate, two trunks. */
import { join } from "../core/pointer.ts";
import type { TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key", ca: "/etc/crew/ca.pem" };
const trunk = (crew_id: string, name: string) => ({
  crew_id,
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    auth: { type: "client_certificate", name },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
});

export const check = {
  code: "CREW3130",
  name: "noSharedCertificate",
  severity: "error",
  summary: "Two trunks are known by the same certificate name.",
  why: "Where two trunks have the same name, nothing says which one a call belongs to.",
  beside: "any",
  bad: sampleEdge({
    trunks: [trunk("one", "pbx.example.com"), trunk("two", "PBX.example.com")],
    network: { tls },
  }),
  good: sampleEdge({
    trunks: [trunk("one", "pbx-1.example.com"), trunk("two", "pbx-2.example.com")],
    network: { tls },
  }),
  run(model, report) {
    const first = new Map<string, TrunkModel>();
    for (const trunk of model.trunks) {
      if (trunk.auth.type !== "client_certificate") continue;
      const twin = first.get(trunk.auth.name);
      if (twin === undefined) first.set(trunk.auth.name, trunk);
      else
        report({
          pointer: join(trunk.auth.at, "name"),
          message: `'${trunk.auth.name}' is the certificate of trunk '${twin.id}' and of trunk '${trunk.id}'.`,
          related: [{ pointer: join(twin.at, "sip", "auth", "name"), label: `that of trunk '${twin.id}'` }],
          help: "Give each peer a certificate with a name of its own.",
        });
    }
  },
} satisfies Check;
