/** The documented config objects: fragments build, with warnings that say what they refuse. */
import { describe, expect, it } from "vitest";
import { runChecks } from "../../src/checks/index.ts";
import { parseConfig } from "../../src/model/parse.ts";

const inbound = (...routes: readonly object[]) => ({ sip: { inbound_routes: routes } });

const documents: readonly (readonly [string, object, readonly string[]])[] = [
  [
    "an allowlist",
    { sip: { auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10", "203.0.113.11"] } } },
    ["CREW2206"],
  ],
  [
    "digest",
    { sip: { auth: { type: "digest", username: "crew_user", password: "secure_password" } } },
    ["CREW2206", "CREW3114", "CREW3123"],
  ],
  [
    "outbound",
    {
      sip: {
        outbound: {
          uri: "sip:your-trunk.provider.com",
          transport: "tls",
          auth: { username: "your_username", password: "your_password" },
          caller_id: "+14155551234",
        },
      },
    },
    ["CREW2205", "CREW2206", "CREW3114", "CREW3126", "CREW3150"],
  ],
  [
    "routes by user",
    inbound(
      { match: { to_user: "main" }, agent_id: "agent_sarah" },
      { match: { to_user: "support" }, agent_id: "agent_marcus" },
    ),
    ["CREW2102", "CREW2205"],
  ],
  [
    "routes by number",
    inbound(
      { match: { to_uri: "+14155551111" }, agent_id: "agent_sales" },
      { match: { to_uri: "+14155552222" }, agent_id: "agent_support" },
    ),
    ["CREW2102", "CREW2205"],
  ],
  [
    "codecs",
    {
      sip: {
        codecs: [
          { name: "opus", priority: 1, sample_rate: 16000 },
          { name: "PCMU", priority: 2 },
          { name: "PCMA", priority: 3 },
        ],
      },
    },
    ["CREW2205", "CREW2206"],
  ],
  [
    "headers",
    {
      sip: {
        custom_headers: {
          inbound: [{ header: "X-Customer-ID", variable: "customer_id" }],
          outbound: [{ header: "X-Campaign-ID", value: "{{campaign_id}}" }],
        },
      },
    },
    ["CREW2205", "CREW2206"],
  ],
  ["caller id", { sip: { caller_id: { source: "pai", fallback: "rpid" } } }, ["CREW2205", "CREW2206"]],
];

describe("a documented object with", () => {
  it.each([...documents])("%s builds with exactly its warnings", (_, document, warnings) => {
    const { value, diagnostics } = parseConfig(document);
    expect(value).toBeDefined();
    const all = value === undefined ? [] : [...diagnostics, ...runChecks(value)];
    expect(all.filter((d) => d.severity === "error")).toEqual([]);
    expect([...new Set(all.filter((d) => d.severity === "warning").map((d) => d.code))].sort()).toEqual(
      warnings,
    );
    expect(all.filter((d) => d.code === "CREW2211")).toHaveLength(1);
  });
});

it("an edge whose peers speak TLS builds, and is told where its certificate is expected", () => {
  const agents = {
    agent_sarah: { uri: "sip:10.0.4.10:5080" },
    agent_marcus: {
      uri: ["sip:10.0.4.11:5061;transport=tls", "sip:10.0.4.12:5061;transport=tls"],
      media_encryption: "required",
      codecs: ["opus"],
    },
  };
  const { value, diagnostics } = parseConfig({
    name: "edge-1",
    trunks: [
      {
        crew_id: "acme",
        country: "US",
        agents,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
          inbound_routes: [
            {
              match: { to_uri: "+14155551111" },
              agent_id: "agent_sarah",
              on_failure: [{ agent_id: "agent_marcus" }, { forward: "+14155550100" }],
            },
          ],
          outbound: { uri: "sip:your-trunk.provider.com", transport: "tls", caller_id: "+14155551234" },
        },
      },
    ],
    network: { hostname: "sip.example.com", public_ip: "198.51.100.7" },
  });
  const { network } = value?.edge ?? {};
  expect(network).toMatchObject({
    carrier: { tls: 5061 },
    agents: { tls: 5081 },
    tls: { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" },
  });
  const all = value === undefined ? [] : [...diagnostics, ...runChecks(value)];
  expect(all.filter((d) => d.severity === "error")).toEqual([]);
  const codes = all.filter((d) => d.severity === "warning").map((d) => d.code);
  expect([...new Set(codes)].sort()).toEqual(["CREW3151", "CREW3152"]);
});
