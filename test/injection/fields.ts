/** A config in which every text property of the schema stands, and the list of those properties. */
import { type JsonPointer, join, segments } from "../../src/core/pointer.ts";

/** Uses all of the vocabulary; every text leaf of it is attacked. */
export const everything = {
  name: "edge-1",
  engine: "6.1",
  trunks: [
    {
      crew_id: "acme",
      country: "US",
      agents: {
        agent_sarah: {
          uri: "sip:sales@10.0.4.10:5080",
          codecs: ["PCMU"],
          media_encryption: "disabled",
          allowed_ips: ["10.0.4.10"],
          auth: { type: "digest", username: "sarah", password: { secret: "SARAH_PASSWORD" } },
        },
        agent_marcus: { uri: [{ uri: "sip:10.0.4.11:5080", priority: 1, weight: 1 }, "sip:10.0.4.12"] },
      },
      limits: {
        calls: 10,
        inbound: { calls: 8 },
        outbound: { calls_per_second: 2 },
        call_minutes: 60,
        media_timeout: 30,
        response: { code: 486, reason: "Busy Here" },
      },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.16/28"] },
        outbound: {
          uri: "sip:provider.example.com",
          transport: "udp",
          auth: { username: "acme", password: { secret: "TRUNK_PASSWORD" }, realm: "provider.example.com" },
          caller_id: "+14155551234",
          caller_ids: ["+14155551234", "+14155551235"],
          allowed_destinations: ["+1", "+49"],
          denied_destinations: ["+1900"],
          register: { registrar: "sip:registrar.example.com", expires: 300, contact_user: "acme" },
        },
        inbound_routes: [
          {
            match: { caller: "+14155550100", caller_prefix: "+1415" },
            refuse: { code: 603, reason: "Not Wanted" },
          },
          {
            match: { to_uri: "+14155551111" },
            agent_id: "agent_sarah",
            on_failure: [{ agent_id: "agent_marcus" }, { refuse: { code: 480, reason: "All Busy" } }],
          },
          { match: { to_user: "support" }, agent_id: "agent_marcus" },
          { match: { to_prefix: "+1212" }, agent_id: "agent_marcus" },
          {
            match: {
              to_pattern: "[2-4][0-9]{3}",
              header: [
                { name: "X-Queue", equals: "sales" },
                { name: "X-Tags", contains: "vip" },
              ],
              hours: { time_zone: "Europe/Berlin", days: ["mon"], from: "09:00", to: "17:30" },
              not_hours: [{ time_zone: "Europe/Berlin", from: "12:00", to: "13:00" }],
            },
            forward: { number: "+14155550100", via: "branch" },
            on_failure: [{ forward: "+14155550101" }],
          },
        ],
        codecs: [{ name: "PCMU" }],
        custom_headers: {
          inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
          outbound: [{ header: "X-Campaign-ID", value: "{{campaign_id}}" }],
        },
        caller_id: { source: "pai", fallback: "rpid" },
        media_encryption: "disabled",
        keys_over_clear_signalling: false,
        transcode: "auto",
        dtmf: "auto",
        session_timer: { expires: 1800, min: 90 },
        refer: "pass",
        refer_to: ["+1415", "2003"],
        failover: { continue_on: [486], stop_on: [503] },
      },
      pbx: [{ type: "asterisk" }],
    },
    {
      crew_id: "branch",
      agent_gateway: "sip:10.0.4.20:5080",
      sip: {
        auth: {
          type: "digest",
          username: "branch",
          password: "plain text",
          realm: "branch.example.com",
          algorithm: "MD5",
        },
        inbound_routes: [
          { match: { to_user: "main" }, agent_id: "agent_sarah" },
          { match: { to_user: "desk" }, forward: { extension: "200", via: "branch" } },
        ],
      },
    },
    {
      crew_id: "partner",
      sip: {
        auth: { type: "client_certificate", name: "pbx.example.com" },
        outbound: { uri: ["sip:a.example.com", { uri: "sip:b.example.com", priority: 2 }] },
      },
    },
  ],
  outbound_routes: [
    { match: { to_uri: "+14155550100" }, via: "acme" },
    { match: { to_prefix: "+49", agent_id: "agent_sarah" }, via: ["partner", "acme"] },
  ],
  network: {
    hostname: "sip.example.com",
    public_ip: { v4: "198.51.100.7", v6: "2001:db8::7" },
    bind_ip: { v4: "198.51.100.7", v6: "2001:db8::7" },
    agents: { address: "10.0.4.1" },
    tls: { certificate: "/etc/crew/cert.pem", private_key: "/etc/crew/key.pem", ca: "/etc/crew/ca.pem" },
  },
} as const;

/** The same with the short forms where the schema has two. */
export const shortForms = {
  ...everything,
  network: { public_ip: "198.51.100.7", bind_ip: "198.51.100.7" },
} as const;

/** Every place of text, property names included where the user chooses them (`agents`). */
export function textPlaces(value: unknown, at: JsonPointer = ""): JsonPointer[] {
  if (typeof value === "string") return [at];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => textPlaces(inner, join(at, key)));
}

/** A copy with another value at one place. */
export function withValue(root: unknown, at: JsonPointer, value: unknown): unknown {
  const [first, ...rest] = segments(at);
  if (first === undefined) return value;
  const inner = (held: unknown) => withValue(held, join("", ...rest), value);
  if (Array.isArray(root)) return root.map((held, i) => (String(i) === first ? inner(held) : held));
  const record = root as Record<string, unknown>;
  return { ...record, [first]: inner(record[first]) };
}
