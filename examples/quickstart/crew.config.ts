/** A trunk to try out on one machine: the phone calls +14155551111 and an agent on loopback answers. */
import { defineAgents, defineTrunk } from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:127.0.0.1:5090" },
});

export default defineTrunk({
  crew_id: "quickstart",
  agents,
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.1"] },
    inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],
    codecs: [
      { name: "PCMU", priority: 1 },
      { name: "PCMA", priority: 2 },
    ],
  },
});
