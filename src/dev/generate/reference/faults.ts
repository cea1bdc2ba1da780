/** Configs that give the findings which are no check's: each shows where its finding points. */

type Part = Readonly<Record<string, unknown>>;

const agents = { sarah: { uri: "sip:10.0.4.10:5080" } };
const network = { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } };
const route = { match: { to_uri: "+14155551111" }, agent_id: "sarah" };
const auth = { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] };
const outbound = { uri: "sip:203.0.113.50", caller_id: "+14155551234", allowed_destinations: ["+1"] };

const edge = (sip: Part, trunk: Part = {}, more: Part = {}): unknown => ({
  network,
  trunks: [{ crew_id: "acme", agents, ...trunk, sip: { auth, inbound_routes: [route], ...sip } }],
  ...more,
});
const routed = (...inbound_routes: readonly Part[]): unknown => edge({ inbound_routes });
const matching = (match: Part): unknown => routed({ ...route, match });

export const faults: readonly unknown[] = [
  // Names and numbers.
  routed({ ...route, agent_id: "nobody" }),
  routed({ ...route, on_failure: [{ agent_id: "nobody" }] }),
  edge({}, { agents: {} }),
  matching({ to_uri: "+1" }),
  matching({ to_uri: "+14155551111", caller: "+1" }),
  matching({ to_uri: "+14155551111", caller_prefix: "x" }),
  matching({ to_prefix: "x" }),
  matching({ to_pattern: "(a+)+" }),
  matching({ hours: { time_zone: "Europe/Atlantis", from: "09:00", to: "17:00" } }),
  edge({}, { country: "XX" }),
  edge({ outbound: { ...outbound, caller_id: "x" } }),
  edge({ outbound: { ...outbound, caller_ids: ["x"] } }),
  edge({ outbound: { ...outbound, allowed_destinations: ["x"] } }),
  edge({ outbound: { ...outbound, denied_destinations: ["x"] } }),
  edge({}, {}, { trunks: [{ crew_id: "same" }, { crew_id: "same" }] }),
  edge({}, {}, { outbound_routes: [{ match: { to_uri: "+1", agent_id: "nobody" }, via: ["nowhere"] }] }),
  routed({ match: { to_uri: "+14155551111" }, forward: { number: "+14155550100", via: "nowhere" } }),
  routed({ match: { to_uri: "+14155551111" }, forward: "x" }),
  // Routes that say too little or too much.
  routed({ match: { to_uri: "+14155551111" } }),
  routed({ ...route, refuse: { code: 603 } }),
  // Addresses.
  edge({ auth: { ...auth, allowed_ips: [] } }),
  edge({ auth: { ...auth, allowed_ips: ["203.0.113.300"] } }),
  edge({ auth: { ...auth, allowed_ips: ["203.0.113.10/24"] } }),
  edge({ auth: { ...auth, allowed_ips: ["203.0.113.10", "203.0.113.10"] } }),
  edge({}, { agents: { sarah: { uri: "sip:10.0.4.10:99999" } } }),
  edge({}, { agents: { sarah: { uri: "sip:10.0.4.10", allowed_ips: ["x"] } } }),
  edge({ outbound: { ...outbound, uri: "http://203.0.113.50" } }),
  edge({ outbound: { ...outbound, uri: "sip:203.0.113.50;transport=tcp", transport: "udp" } }),
  edge({ outbound: { ...outbound, uri: "sip:user@203.0.113.50" } }),
  edge({}, {}, { network: { ...network, public_ip: "x" } }),
  edge({}, {}, { network: { ...network, public_ip: { v4: "::1", v6: "127.0.0.1" } } }),
  edge({}, {}, { network: { ...network, bind_ip: "2001:db8::1" } }),
  edge({}, {}, { network: { ...network, agents: { address: "x" } } }),
  edge({}, {}, { network: { ...network, agents: { address: "10.0.4.1", udp: false, tcp: false } } }),
  edge({}, {}, { network: { ...network, carrier: { udp: false, tcp: false } } }),
  edge({}, {}, { network: { ...network, rtp: [20000, 10000] } }),
  // Codecs.
  edge({ codecs: [{ name: "PCMU" }, { name: "PCMU" }] }),
  edge({
    codecs: [
      { name: "PCMU", priority: 1 },
      { name: "PCMA", priority: 1 },
    ],
  }),
  edge({ codecs: [{ name: "PCMU", sample_rate: 8000 }] }),
  // What a target says: nothing acts on it yet, or it leaves the firewall open.
  edge(
    { session_timer: { expires: 600 }, refer: "pass", dtmf: "info" },
    { limits: { call_minutes: 60 }, pbx: [{ type: "asterisk" }] },
  ),
  edge({ custom_headers: { outbound: [{ header: "X-Fixed", value: "a" }] } }),
  edge({}, { agents: { sarah: { uri: "sip:agents.example.com", allowed_ips: ["10.0.5.0/24"] } } }),
  edge(
    {},
    {
      agents: {
        sarah: {
          uri: "sip:10.0.4.10",
          auth: { type: "digest", username: "sarah", password: { secret: "P" } },
        },
      },
    },
  ),
  edge({ auth: { type: "digest", username: "acme", password: { secret: "P" } } }),
  edge({ auth: { type: "digest", username: "acme", password: { secret: "P" }, register: true } }),
  edge({ outbound: { ...outbound, uri: "sip:carrier.example.com", register: true } }),
  edge({ outbound: { ...outbound, uri: "sip:203.0.113.50;transport=tls" } }),
  edge({ outbound, media_encryption: "required" }),
];
