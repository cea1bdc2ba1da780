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
        },
        agent_marcus: { uri: [{ uri: "sip:10.0.4.11:5080", priority: 1, weight: 1 }, "sip:10.0.4.12"] },
      },
      limits: { calls: 10 },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.16/28"] },
        outbound: {
          uri: "sip:provider.example.com",
          transport: "udp",
          auth: { username: "acme", password: { secret: "TRUNK_PASSWORD" } },
          caller_id: "+14155551234",
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
        ],
        codecs: [{ name: "PCMU" }],
        custom_headers: {
          inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
          outbound: [{ header: "X-Campaign-ID", value: "{{campaign_id}}" }],
        },
        caller_id: { source: "pai", fallback: "rpid" },
        media_encryption: "disabled",
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
        inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
      },
    },
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
