/**
 * Two providers: agents call over the cheap one, and over the other where the first one cannot; calls to Germany prefer the second.
 * What neither provider can do is refused at the edge: numbers outside of the lists, and callers that are not the company's own.
 */
import { defineAgents, defineEdge, defineTrunk, secret } from "crew";

const agents = defineAgents({
  // Campaigns dial from machines of their own, which come and go in a network of theirs.
  agent_sales: { uri: ["sip:10.0.4.10:5080", "sip:10.0.4.11:5080"], allowed_ips: ["10.0.5.0/27"] },
});

const callers = { caller_id: "+14155551234", caller_ids: ["+14155551234", "+14155559999"] };

const cheap = defineTrunk({
  crew_id: "cheap",
  country: "US",
  agents,
  sip: {
    // The provider's two addresses share the calls, three to one.
    outbound: {
      uri: [
        { uri: "sip:203.0.113.50:5060", weight: 3 },
        { uri: "sip:203.0.113.51:5060", weight: 1 },
      ],
      auth: { username: "acme", password: secret("CHEAP_PASSWORD") },
      ...callers,
      allowed_destinations: ["+1"],
      denied_destinations: ["+1900", "+1976"],
    },
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.50", "203.0.113.51"] },
    // Where no agent takes an inbound call, a human has it.
    inbound_routes: [
      {
        match: { to_uri: "+14155551234" },
        agent_id: "agent_sales",
        on_failure: [{ forward: "+14155550177" }],
      },
    ],
  },
});

const solid = defineTrunk({
  crew_id: "solid",
  country: "US",
  agents,
  sip: {
    outbound: {
      uri: "sip:198.51.100.200:5060;transport=tcp",
      auth: { username: "acme", password: secret("SOLID_PASSWORD"), realm: "sip.solid.example" },
      ...callers,
      number_format: "digits",
      allowed_destinations: ["+1", "+49"],
    },
    caller_id: { source: "from" },
    auth: { type: "ip_allowlist", allowed_ips: ["198.51.100.200"] },
    inbound_routes: [{ match: { to_uri: "+14155559999" }, agent_id: "agent_sales" }],
  },
});

export default defineEdge({
  name: "two-providers",
  trunks: [cheap, solid],
  outbound_routes: [
    { match: { to_prefix: "+49" }, via: "solid" },
    { match: {}, via: ["cheap", "solid"] },
  ],
  network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
});
