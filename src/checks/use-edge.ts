/** CREW2211: a trunk without an edge. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

export const check = {
  code: "CREW2211",
  name: "useEdge",
  severity: "info",
  summary: "The config exports trunks without an edge.",
  why: "crew then supplies an edge on loopback, which is good for trying things out: only programs on the same machine reach it.",
  bad: `{
  "crew_id": "acme",
  "agents": { "agent_sarah": { "uri": "sip:127.0.0.3:5080" } },
  "sip": {
    "auth": { "type": "ip_allowlist", "allowed_ips": ["127.0.0.2"] },
    "inbound_routes": [{ "match": { "to_user": "main" }, "agent_id": "agent_sarah" }]
  }
}
`,
  good: sampleTrunk({}),
  run(model, report) {
    if (model.edge.implied)
      report({
        pointer: "",
        message: "The edge is on loopback (127.0.0.1): only this machine can reach it.",
        help: 'Export defineEdge({ trunks: [ … ], network: { public_ip: "198.51.100.7" } }) for an edge that others reach.',
      });
  },
} satisfies Check;
