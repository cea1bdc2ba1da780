/** What must compile, and what must not: checked by `tsc --noEmit`. */
import {
  defineAgents,
  defineEdge,
  defineRoutes,
  defineTrunk,
  type Route,
  secret,
  type Trunk,
  uncheckedRoutes,
} from "crew";

const agents = defineAgents({
  agent_sarah: { uri: "sip:10.0.4.10:5080" },
  agent_marcus: {
    uri: ["sip:10.0.4.11:5061;transport=tls", { uri: "sip:10.0.4.12", priority: 2, weight: 5 }],
    media_encryption: "required",
    codecs: ["opus"],
  },
});

export const head_office = defineTrunk({
  crew_id: "acme",
  agents,
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    inbound_routes: [
      {
        match: { to_uri: "+14155551111" },
        agent_id: "agent_sarah",
        on_failure: [{ agent_id: "agent_marcus" }],
      },
      { match: { to_user: "support" }, agent_id: "agent_marcus", on_failure: [{ refuse: { code: 480 } }] },
      // @ts-expect-error: an agent that the trunk was not given
      { match: { to_user: "sales" }, agent_id: "agent_nobody" },
      // @ts-expect-error: an agent that the trunk was not given, as second choice
      { match: { to_user: "sales" }, agent_id: "agent_sarah", on_failure: [{ agent_id: "agent_nobody" }] },
      {
        match: {
          to_pattern: "[2-4][0-9]{3}",
          header: [
            { name: "X-Queue", equals: "sales" },
            { name: "X-Vip", present: true },
          ],
          hours: { time_zone: "Europe/Berlin", days: ["mon", "fri"], from: "09:00", to: "17:30" },
          not_hours: [{ time_zone: "US/Pacific", from: "12:00", to: "13:00" }],
        },
        forward: "+14155550100",
        on_failure: [{ forward: { number: "+14155550101", via: "backup" } }, { agent_id: "agent_sarah" }],
      },
      // @ts-expect-error: a condition on a header asks something
      { match: { header: { name: "X-Queue" } }, agent_id: "agent_sarah" },
      // @ts-expect-error: hours end
      { match: { hours: { time_zone: "Europe/Berlin", from: "09:00" } }, agent_id: "agent_sarah" },
      // @ts-expect-error: no such day
      { match: { hours: { time_zone: "UTC", days: ["monday"], from: "09:00", to: "10:00" } }, forward: "+1" },
      // @ts-expect-error: a forward has a number
      { match: {}, forward: { via: "backup" } },
      // @ts-expect-error: no such condition
      { match: { to_number: "+14155551111" }, agent_id: "agent_sarah" },
      // @ts-expect-error: a route says what it matches
      { agent_id: "agent_sarah" },
    ],
    outbound: {
      uri: "sip:your-trunk.provider.com",
      transport: "tls",
      auth: { username: "acme", password: secret("TRUNK_PASSWORD"), realm: "provider.com" },
      caller_ids: ["+14155551234"],
      number_format: "national",
      user_phone: true,
      allowed_destinations: ["+1", "+49"],
      denied_destinations: ["+1900"],
      register: { expires: 120 },
    },
    transcode: "auto",
    dtmf: "rfc4733",
    session_timer: { expires: 1800 },
    refer: "pass",
    refer_to: ["+1415", "2003"],
    failover: { continue_on: [486], stop_on: [503] },
    keys_over_clear_signalling: false,
    codecs: [{ name: "opus", priority: 1, sample_rate: 16000 }, { name: "PCMU" }],
    custom_headers: {
      inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
      outbound: [{ header: "X-Campaign-ID", value: "{{campaign_id}}" }],
    },
    caller_id: { source: "pai", fallback: "rpid" },
  },
  pbx: [{ type: "asterisk" }, { type: "cisco_ucm", version: "14.0" }],
});

// @ts-expect-error: the SIP side is what a trunk is
defineTrunk({ crew_id: "acme" });
// @ts-expect-error: no such codec
defineTrunk({ sip: { codecs: [{ name: "pcmu" }] } });
// @ts-expect-error: no such bandwidth
defineTrunk({ sip: { codecs: [{ name: "opus", sample_rate: 44100 }] } });
// @ts-expect-error: no such transport
defineTrunk({ sip: { outbound: { uri: "sip:example.com", transport: "sctp" } } });
// @ts-expect-error: a registration is there, or is not written
defineTrunk({ sip: { outbound: { uri: "sip:example.com", register: false } } });
// @ts-expect-error: session timers are on, unless turned off
defineTrunk({ sip: { session_timer: true } });
defineTrunk({
  limits: {
    calls: 20,
    inbound: { calls: 15 },
    outbound: { calls_per_second: 2 },
    call_minutes: 60,
    media_timeout: 30,
    response: { code: 486 },
  },
  sip: { auth: { type: "client_certificate", name: "pbx.example.com" }, session_timer: false },
});
// @ts-expect-error: no such auth
defineTrunk({ sip: { auth: { type: "trust_everyone" } } });
// @ts-expect-error: an allowlist has addresses
defineTrunk({ sip: { auth: { type: "ip_allowlist" } } });
// @ts-expect-error: a property of the other kind of auth
defineTrunk({ sip: { auth: { type: "digest", username: "a", password: "b", allowed_ips: [] } } });
// @ts-expect-error: misspelt
defineTrunk({ sip: { inbound_route: [] } });
// @ts-expect-error: an agent has an address
defineAgents({ agent_sarah: {} });
// @ts-expect-error: no such engine line
defineEdge({ engine: "6.2", trunks: [head_office] });
// @ts-expect-error: a secret is named, not given
secret({ value: "hunter2" });

// Fragments of the document: any id where no agents are given.
defineTrunk({ sip: { auth: { type: "digest", username: "crew_user", password: "secure_password" } } });
defineTrunk({ sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }] } });

// One application behind a gateway: any id, also beside named agents.
defineTrunk({
  agents,
  agent_gateway: "sip:10.0.4.10:5080",
  sip: { inbound_routes: [{ match: {}, agent_id: "anybody" }] },
});

// Thousands of numbers: by map() with known ids, and from JSON where TypeScript sees only strings.
const numbers: readonly string[] = ["+14155550100", "+14155550101"];
export const mapped = defineTrunk({
  agents,
  sip: {
    inbound_routes: defineRoutes(
      agents,
      numbers.map((number) => ({ match: { to_uri: number }, agent_id: "agent_sarah" })),
    ),
  },
});
defineRoutes(
  agents,
  // @ts-expect-error: map() does not hide an unknown agent
  numbers.map((number) => ({ match: { to_uri: number }, agent_id: "agent_nobody" })),
);
export const gateway_numbers = defineTrunk({
  agent_gateway: "sip:10.0.4.10:5080",
  sip: { inbound_routes: numbers.map((number) => ({ match: { to_uri: number }, agent_id: "agent_sarah" })) },
});
const fromJson = [
  { match: { to_uri: "+14155550100" }, agent_id: "agent_sarah" },
  { match: { to_user: "sales" }, agent_id: "agent_marcus" },
];
export const imported = defineTrunk({
  agents,
  sip: { inbound_routes: [...uncheckedRoutes(fromJson), { match: {}, agent_id: "agent_sarah" }] },
});
// @ts-expect-error: strings from elsewhere are not known to be agents
defineTrunk({ agents, sip: { inbound_routes: fromJson } });
const named: readonly Route<"agent_sarah">[] = [{ match: {}, agent_id: "agent_sarah" }];
defineTrunk({ agents, sip: { inbound_routes: named } });

export default defineEdge({
  name: "edge-1",
  engine: "6.1",
  outbound_routes: [
    { match: { to_prefix: "+49", agent_id: "agent_sarah" }, via: ["acme", "backup"] },
    { match: {}, via: "acme" },
  ],
  trunks: [head_office, mapped, imported] satisfies readonly Trunk[],
  network: { public_ip: { v4: "198.51.100.7" }, carrier: { udp: 5060, tls: false }, rtp: [10000, 20000] },
});
