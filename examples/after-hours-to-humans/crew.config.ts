/**
 * A support line with opening hours in two cities: a voice agent answers while an office is open, the telephone of whoever is
 * on duty at other times. Customers with a contract reach the person on duty at once, extensions reach the reception.
 */
import { defineAgents, defineEdge, defineTrunk } from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:10.0.4.10:5080" },
  reception: { uri: "sip:10.0.4.20:5060" },
  on_duty: { uri: "sip:duty@10.0.4.21:5060" },
});

const workdays = ["mon", "tue", "wed", "thu", "fri"] as const;
const open = [
  { time_zone: "Europe/Berlin", days: workdays, from: "09:00", to: "17:30" },
  { time_zone: "America/New_York", days: workdays, from: "08:00", to: "18:00" },
];
const support = "+493012345678";

const office = defineTrunk({
  crew_id: "office",
  agents,
  country: "DE",
  limits: {
    calls: 30,
    response: { code: 486, reason: "All Lines Busy" },
    call_minutes: 120,
    media_timeout: 60,
  },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    inbound_routes: [
      { match: { to_pattern: "[2-4][0-9][0-9][0-9]" }, agent_id: "reception" },
      {
        match: { to_uri: support, header: { name: "X-Contract", equals: "gold" } },
        agent_id: "on_duty",
        ring_timeout: 20,
        on_failure: [{ agent_id: "agent_sarah" }],
      },
      {
        match: { to_uri: support, hours: open },
        agent_id: "agent_sarah",
        on_failure: [{ agent_id: "reception" }],
      },
      {
        match: { to_uri: support },
        agent_id: "on_duty",
        ring_timeout: 30,
        on_failure: [{ refuse: { code: 480, reason: "Closed" } }],
      },
    ],
    // A person who is busy or hangs up on the ringing is no reason to send the caller away.
    failover: { continue_on: [486, 603] },
    codecs: [{ name: "PCMA" }, { name: "PCMU" }],
  },
});

export default defineEdge({
  name: "support",
  trunks: [office],
  network: {
    public_ip: "198.51.100.7",
    carrier: { udp: 5060 },
    agents: { address: "10.0.4.1", udp: 5080 },
  },
});
