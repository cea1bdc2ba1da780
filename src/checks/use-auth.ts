/** CREW2205: a trunk that nobody can use. */
import { join } from "../core/pointer.ts";
import type { TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge, sampleTrunk } from "./sample.ts";

const open = {
  trunks: [
    {
      crew_id: "acme",
      agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
      sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }] },
    },
  ],
};

/** Whether no inbound call reaches a trunk, whatever its routes say. */
export function isClosed({ auth, outbound }: TrunkModel): boolean {
  return auth.type === "none" && outbound?.register === undefined;
}

export const check = {
  code: "CREW2205",
  name: "useAuth",
  severity: "warning",
  summary: "A trunk does not say how the other end proves who it is.",
  why: "crew lets nobody in by default: without 'auth' no caller is known as the other end of the trunk. Strangers get no answer, or a challenge where another trunk has digest.",
  bad: sampleEdge(open),
  good: sampleTrunk({}),
  run(model, report) {
    for (const trunk of model.trunks)
      if (isClosed(trunk))
        report({
          pointer: join(trunk.at, "sip"),
          message: `Trunk '${trunk.id}' has no 'auth': no inbound call reaches it.`,
          help: `Add 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] }' with the address of the PBX or provider, or digest${trunk.outbound === undefined ? "" : "; where the trunk is for outbound calls alone, a route that refuses says the rest: 'inbound_routes: [{ match: {}, refuse: { code: 403 } }]'"}.`,
        });
  },
} satisfies Check;
