/** A PBX behind a changing address that proves itself with a password, beside a provider that is known by its network. */
import { defineEdge, defineTrunk, secret } from "crew";

const branch_office = defineTrunk({
  crew_id: "branch",
  agent_gateway: "sip:10.0.4.10:5080",
  sip: {
    auth: { type: "digest", username: "branch", password: secret("BRANCH_PASSWORD"), algorithm: "MD5" },
    inbound_routes: [
      { match: { to_user: "main" }, agent_id: "agent_sarah" },
      { match: { to_user: "support" }, agent_id: "agent_marcus" },
    ],
    codecs: [{ name: "PCMA" }, { name: "PCMU" }],
  },
});

const provider = defineTrunk({
  crew_id: "provider",
  agent_gateway: "sip:10.0.4.10:5080",
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.0/26"] },
    inbound_routes: [{ match: { to_uri: "+442071838750" }, agent_id: "agent_sarah" }],
  },
});

export default defineEdge({
  name: "branches",
  trunks: [branch_office, provider],
  network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
});
