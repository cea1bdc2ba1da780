/**
 * An office PBX with fixed addresses: numbers, extensions and callers decide which agent answers, two hosts stand in for
 * each other, and the trunk may hold 20 calls. The agent learns the customer's number at the PBX and who the PBX says calls.
 */
import { defineAgents, defineEdge, defineTrunk } from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:10.0.4.10:5080" },
  agent_marcus: {
    uri: [
      { uri: "sip:10.0.4.11:5080", priority: 1, weight: 2 },
      { uri: "sip:10.0.4.12:5080", priority: 1, weight: 1 },
      { uri: "sip:10.0.4.13:5080;transport=tcp", priority: 2 },
    ],
    codecs: ["PCMU"],
  },
});

const head_office = defineTrunk({
  crew_id: "acme",
  agents,
  country: "US",
  limits: { calls: 20, calls_per_second: 5 },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.16/28"] },
    inbound_routes: [
      { match: { caller_prefix: "+1900" }, refuse: { code: 603 } },
      {
        match: { to_uri: "+14155551111" },
        agent_id: "agent_sarah",
        ring_timeout: 20,
        on_failure: [{ agent_id: "agent_marcus" }, { refuse: { code: 480, reason: "All Agents Busy" } }],
      },
      { match: { to_uri: "(415) 555-2222" }, agent_id: "agent_marcus" },
      { match: { to_user: "support" }, agent_id: "agent_marcus" },
      { match: { to_prefix: "+1415555" }, agent_id: "agent_sarah" },
    ],
    codecs: [
      { name: "opus", priority: 1, sample_rate: 16000 },
      { name: "PCMU", priority: 2 },
      { name: "PCMA", priority: 3 },
    ],
    custom_headers: { inbound: [{ header: "X-Customer-ID", variable: "customer_id" }] },
    caller_id: { source: "pai", fallback: "rpid" },
    // An agent may hand its caller to the reception or to a colleague's number.
    refer: "pass",
    refer_to: ["2001", "+1415555"],
  },
});

export default defineEdge({
  name: "office",
  trunks: [head_office],
  network: {
    hostname: "sip.example.com",
    public_ip: "198.51.100.7",
    agents: { address: "10.0.4.1" },
    rtp: [10000, 10999],
  },
});
