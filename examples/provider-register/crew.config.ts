/**
 * A provider with an account: the edge registers, takes the calls of two numbers over the registration and places calls with
 * the same user name and password.
 */
import { defineAgents, defineEdge, defineTrunk, secret } from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:10.0.4.10:5080" },
  agent_marcus: { uri: "sip:10.0.4.11:5080" },
});

const provider = defineTrunk({
  crew_id: "acme",
  agents,
  country: "US",
  sip: {
    outbound: {
      uri: "sip:203.0.113.50",
      register: { expires: 600 },
      auth: { username: "acme-4711", password: secret("PROVIDER_PASSWORD"), realm: "provider.example" },
      caller_id: "+14155551111",
      allowed_destinations: ["+1"],
      denied_destinations: ["+1900"],
    },
    inbound_routes: [
      {
        match: { to_uri: "+14155551111" },
        agent_id: "agent_sarah",
        on_failure: [{ agent_id: "agent_marcus" }],
      },
      { match: { to_uri: "+14155552222" }, agent_id: "agent_marcus" },
    ],
    codecs: [{ name: "PCMU" }, { name: "PCMA" }],
    caller_id: { source: "from" },
  },
});

export default defineEdge({
  name: "registered",
  trunks: [provider],
  network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
});
