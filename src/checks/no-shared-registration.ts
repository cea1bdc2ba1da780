/** CREW3128: one account, two registrations. */
import type { OutboundModel, TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const trunk = (crew_id: string, username: string) => ({
  crew_id,
  country: "US",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: [crew_id === "one" ? "203.0.113.10" : "203.0.113.11"] },
    outbound: {
      uri: "sip:provider.example",
      register: true,
      auth: { username, password: { secret: `${crew_id.toUpperCase()}_PASSWORD` } },
    },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
});

export const check = {
  code: "CREW3128",
  name: "noSharedRegistration",
  severity: "error",
  summary: "Two trunks register with the same registrar as the same user.",
  why: "The registrar cannot tell the two apart: each registration takes the place of the other, and calls arrive at either trunk.",
  beside: "any",
  bad: sampleEdge({ trunks: [trunk("one", "acme"), trunk("two", "acme")] }),
  good: sampleEdge({ trunks: [trunk("one", "acme-1"), trunk("two", "acme-2")] }),
  run(model, report) {
    const first = new Map<string, TrunkModel>();
    for (const trunk of model.trunks) {
      const account = accountOf(trunk.outbound);
      if (account === undefined || trunk.outbound?.register === undefined) continue;
      const twin = first.get(account);
      if (twin === undefined) first.set(account, trunk);
      else
        report({
          pointer: trunk.outbound.register.at,
          message: `Trunk '${twin.id}' and trunk '${trunk.id}' both register as '${trunk.outbound.auth?.username}' with '${trunk.outbound.register.registrar.host}'.`,
          related: [{ pointer: twin.outbound?.register?.at ?? twin.at, label: `that of trunk '${twin.id}'` }],
          help: "Register with one of them, or give each trunk an account of its own.",
        });
    }
  },
} satisfies Check;

function accountOf(outbound: OutboundModel | undefined): string | undefined {
  if (outbound?.register === undefined || outbound.auth === undefined) return undefined;
  const { host, port = "" } = outbound.register.registrar;
  return `${outbound.auth.username}\n${host}\n${port}`;
}
