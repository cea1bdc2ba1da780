/**
 * An office PBX behind NAT. It has no address that others could know, so it registers at the edge with a password, and the edge
 * calls it where it has registered. People at its desks dial voice agents like colleagues, callers from the public network whom
 * an agent cannot help reach the people at their extensions, and agents may dial extensions too.
 *
 * The Asterisk at the other end is configured in asterisk/ beside this file.
 */
import { defineAgents, defineEdge, defineTrunk, secret } from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:10.0.4.10:5080" },
  agent_marcus: { uri: "sip:10.0.4.11:5080" },
});

const codecs = [{ name: "PCMU" }, { name: "PCMA" }] as const;

const office = defineTrunk({
  crew_id: "office",
  agents,
  limits: { calls: 20 },
  sip: {
    // One user name for both directions: the PBX registers with it and its calls are challenged for it. That it may register
    // is the default.
    auth: { type: "digest", username: "office", password: secret("OFFICE_PASSWORD"), register: true },
    // 700 and 701 are what the desks dial. Calls of agents without 'X-Crew-Trunk' go to this trunk too, as it is the only one
    // that takes any: an agent that dials sip:201@10.0.4.1:5080 rings desk 201.
    inbound_routes: [
      { match: { to_user: "700" }, agent_id: "agent_sarah", on_failure: [{ agent_id: "agent_marcus" }] },
      { match: { to_user: "701" }, agent_id: "agent_marcus" },
    ],
    codecs,
  },
});

const provider = defineTrunk({
  crew_id: "provider",
  agents,
  country: "US",
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.50"] },
    inbound_routes: [
      // The main number is answered by an agent; where no agent can be had, the reception rings.
      {
        match: { to_uri: "+14155551111" },
        agent_id: "agent_sarah",
        on_failure: [{ agent_id: "agent_marcus" }, { forward: { extension: "200", via: "office" } }],
      },
      // A direct line: the desk first, an agent where nobody picks up or the office is not registered.
      {
        match: { to_uri: "+14155551201" },
        forward: { extension: "201", via: "office" },
        ring_timeout: 25,
        on_failure: [{ agent_id: "agent_marcus" }, { refuse: { code: 480 } }],
      },
    ],
    codecs,
  },
});

export default defineEdge({
  name: "office",
  trunks: [office, provider],
  network: { hostname: "sip.example.com", public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
});
