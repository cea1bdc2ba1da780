/** CREW2205: a trunk that nobody can use. */
import { join } from "../core/pointer.ts";
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

export const check = {
  code: "CREW2205",
  name: "useAuth",
  severity: "warning",
  summary: "A trunk does not say how the other end proves who it is.",
  why: "crew lets nobody in by default: without 'auth' no source belongs to the trunk, and every inbound call is dropped without an answer.",
  bad: sampleEdge(open),
  good: sampleTrunk({}),
  run(model, report) {
    for (const trunk of model.trunks)
      if (trunk.auth.type === "none" && trunk.outbound?.register === undefined)
        report({
          pointer: join(trunk.at, "sip"),
          message: `Trunk '${trunk.id}' has no 'auth': all its inbound calls are refused.`,
          help: `Add 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] }' with the address of the PBX or provider, or digest.`,
        });
  },
} satisfies Check;
