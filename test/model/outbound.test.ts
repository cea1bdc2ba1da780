/** The outbound half of the Model: what resolves to what, and which findings stand where. */
import { describe, expect, it } from "vitest";
import type { OutboundModel } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" } };
const allowlist = { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] };

function parse(outbound: unknown, trunk: object = {}) {
  return parseConfig({ ...trunk, sip: { outbound } });
}

function resolved(outbound: unknown, trunk: object = {}): OutboundModel | undefined {
  const { value, diagnostics } = parse(outbound, trunk);
  expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return value?.trunks[0]?.outbound;
}

function findings(draft: unknown): string[] {
  return parseConfig(draft).diagnostics.map((d) => `${d.code} ${d.pointer}`);
}

describe("outbound", () => {
  it("has its defaults in place", () => {
    expect(resolved({ uri: "sip:provider.example" })).toEqual({
      at: "/sip/outbound",
      targets: [
        { at: "/sip/outbound/uri", host: "provider.example", transport: "udp", priority: 1, weight: 1 },
      ],
      caller_ids: [],
      number_format: "e164",
      user_phone: false,
      allowed_destinations: [{ at: "/sip/outbound", prefix: "+" }],
      denied_destinations: [],
    });
  });

  it.each([
    ["sip:provider.example", undefined, "provider.example udp"],
    ["sip:provider.example", "tls", "provider.example tls"],
    ["sip:Provider.Example:5070", "tcp", "provider.example:5070 tcp"],
    ["sips:provider.example", undefined, "provider.example tls"],
    ["sips:provider.example", "tls", "provider.example tls"],
    ["sips:provider.example;transport=tcp", undefined, "provider.example tls"],
    ["SIPS:192.0.2.5", undefined, "192.0.2.5:5061 tls"],
    ["sip:provider.example;transport=tcp", undefined, "provider.example tcp"],
    ["sip:192.0.2.5", undefined, "192.0.2.5:5060 udp"],
    ["sip:192.0.2.5", "tls", "192.0.2.5:5061 tls"],
    ["sip:[2001:DB8::5]", undefined, "2001:db8::5:5060 udp"],
  ])("calls %s with transport %s at %s", (uri, transport, expected) => {
    const [target] = resolved({ uri, ...(transport === undefined ? {} : { transport }) })?.targets ?? [];
    const port = target?.port === undefined ? "" : `:${target.port}`;
    expect(`${target?.host}${port} ${target?.transport}`).toBe(expected);
  });

  it("sorts several URIs by priority", () => {
    const uri = [{ uri: "sip:b.example", priority: 2, weight: 5 }, "sip:a.example"];
    expect(resolved({ uri })?.targets).toMatchObject([
      { at: "/sip/outbound/uri/1", host: "a.example", priority: 1, weight: 1 },
      { at: "/sip/outbound/uri/0", host: "b.example", priority: 2, weight: 5 },
    ]);
  });

  it("takes two transports for a contradiction", () => {
    expect(findings({ sip: { outbound: { uri: "sips:provider.example", transport: "udp" } } })).toEqual([
      "CREW2121 /sip/outbound/uri",
    ]);
  });

  it("says that a user part is not used", () => {
    const { value, diagnostics } = parse({ uri: "sip:acme@provider.example" });
    expect(diagnostics.map((d) => `${d.code} ${d.severity}`)).toEqual(["CREW2122 warning"]);
    expect(value?.trunks[0]?.outbound?.targets[0]).not.toHaveProperty("user");
  });

  it("may call the trunk's own country where no destination is named", () => {
    const prefixes = (o: OutboundModel | undefined) => o?.allowed_destinations.map((e) => e.prefix);
    expect(prefixes(resolved({ uri: "sip:provider.example" }, { country: "DE" }))).toEqual(["+49"]);
    const allowed_destinations = ["+49", "+1415", "+49"];
    expect(prefixes(resolved({ uri: "sip:provider.example", allowed_destinations }))).toEqual([
      "+1415",
      "+49",
    ]);
  });

  it("may call a short number that is named as it is", () => {
    const outbound = { uri: "sip:provider.example", allowed_destinations: ["+1", "911"] };
    expect(resolved(outbound, { country: "US" })?.allowed_destinations.map((e) => e.prefix)).toEqual([
      "+1",
      "911",
    ]);
    expect(findings({ sip: { outbound: { ...outbound, denied_destinations: ["911"] } } })).toHaveLength(1);
  });

  it("reads numbers in the trunk's country", () => {
    const outbound = {
      uri: "sip:provider.example",
      caller_id: "030 1234567",
      caller_ids: ["030 1234568", "+49301234567"],
    };
    expect(resolved(outbound, { country: "DE" })).toMatchObject({
      caller_id: "+49301234567",
      caller_ids: [
        { at: "/sip/outbound/caller_ids/1", number: "+49301234567" },
        { at: "/sip/outbound/caller_ids/0", number: "+49301234568" },
      ],
    });
    expect(findings({ sip: { outbound } })).toEqual([
      "CREW2103 /sip/outbound/caller_id",
      "CREW2103 /sip/outbound/caller_ids/0",
    ]);
  });

  it("registers with its first URI as the trunk", () => {
    const uri = [{ uri: "sip:b.example", priority: 2 }, "sip:192.0.2.5"];
    expect(resolved({ uri, register: true }, { crew_id: "acme" })?.register).toEqual({
      at: "/sip/outbound/register",
      registrar: { host: "192.0.2.5", port: 5060, transport: "udp" },
      expires: 300,
      contact_user: "acme",
    });
    const register = { registrar: "sip:reg.example:5070", expires: 120, contact_user: "line1" };
    expect(resolved({ uri, transport: "tcp", register })?.register).toMatchObject({
      registrar: { host: "reg.example", port: 5070, transport: "tcp" },
      expires: 120,
      contact_user: "line1",
    });
  });

  it("keeps secrets out", () => {
    const outbound = {
      uri: "sip:provider.example",
      auth: { username: "a", password: "hunter2", realm: "r" },
    };
    expect(resolved(outbound)?.auth).toEqual({
      at: "/sip/outbound/auth",
      username: "a",
      password: { pointer: "/sip/outbound/auth/password" },
      realm: "r",
    });
    expect(JSON.stringify(parse(outbound))).not.toContain("hunter2");
  });
});

describe("forward", () => {
  const trunk = (crew_id: string, forward: unknown, more: object = {}) => ({
    crew_id,
    agents,
    ...more,
    sip: {
      auth: allowlist,
      inbound_routes: [{ match: {}, agent_id: "agent_sarah", on_failure: [{ forward }] }],
    },
  });

  it.each([
    ["+14155550100", "a", "+14155550100"],
    [{ number: "(415) 555-0100" }, "a", "+14155550100"],
    [{ number: "+14155550100", via: "b" }, "b", "+14155550100"],
  ])("%j goes over trunk %s", (forward, via, number) => {
    const draft = { trunks: [trunk("a", forward, { country: "US" }), { crew_id: "b", sip: {} }] };
    expect(parseConfig(draft).value?.trunks[0]?.routes[0]?.destinations[1]).toEqual({
      at: "/trunks/0/sip/inbound_routes/0/on_failure/0/forward",
      type: "forward",
      number,
      via,
    });
  });

  it("names a trunk that the edge has", () => {
    const draft = {
      trunks: [trunk("acme", { number: "+14155550100", via: "provder" }), { crew_id: "provider", sip: {} }],
    };
    const [found, ...others] = parseConfig(draft).diagnostics.filter((d) => d.severity === "error");
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      code: "CREW2118",
      pointer: "/trunks/0/sip/inbound_routes/0/on_failure/0/forward/via",
      help: "Did you mean 'provider'?",
    });
  });

  it("and an agent are one too many", () => {
    const route = { match: {}, agent_id: "agent_sarah", forward: "+14155550100" };
    expect(findings({ agents, sip: { auth: allowlist, inbound_routes: [route] } })).toEqual([
      "CREW2110 /sip/inbound_routes/0",
    ]);
  });
});

describe("outbound_routes", () => {
  const trunks = [
    { crew_id: "a", agents, sip: {} },
    { crew_id: "b", agents: { agent_sarah: { uri: "sip:10.0.9.9" } }, sip: {} },
    { crew_id: "gate", agent_gateway: "sip:10.0.4.20", sip: {} },
  ];

  it("name trunks in order, and every agent of an id", () => {
    const outbound_routes = [
      { match: { to_prefix: "+49", agent_id: "agent_sarah" }, via: ["b", "a"] },
      { match: {}, via: "a" },
    ];
    expect(parseConfig({ trunks: trunks.slice(0, 2), outbound_routes }).value?.edge.outbound_routes).toEqual([
      {
        at: "/outbound_routes/0",
        index: 0,
        label: "outbound_routes › +49* from agent_sarah",
        match: { to_prefix: "+49", agents: ["agent_sarah", "b/agent_sarah"] },
        via: ["b", "a"],
      },
      { at: "/outbound_routes/1", index: 1, label: "outbound_routes › any call", match: {}, via: ["a"] },
    ]);
  });

  it("may name any agent behind a gateway", () => {
    const outbound_routes = [{ match: { agent_id: "anyone" }, via: "gate" }];
    const model = parseConfig({ trunks, outbound_routes }).value;
    expect(model?.edge.outbound_routes[0]?.match.agents).toEqual(["anyone"]);
    expect(model?.agents.map((a) => a.key)).toContain("anyone");
  });

  it("refuse what nobody knows", () => {
    const outbound_routes = [
      { match: { agent_id: "agent_sara" }, via: "a" },
      { match: { to_uri: "0301234567" }, via: ["a", "nosuch"] },
    ];
    expect(findings({ trunks: trunks.slice(0, 2), outbound_routes })).toEqual([
      "CREW2123 /outbound_routes/0/match/agent_id",
      "CREW2103 /outbound_routes/1/match/to_uri",
      "CREW2118 /outbound_routes/1/via/1",
    ]);
  });
});

describe("agents that place calls", () => {
  const auth = { type: "digest", username: "sarah", password: "hunter2" };
  const caller = { ...agents.agent_sarah, allowed_ips: ["10.0.5.0/24"], auth };

  it("have networks and credentials", () => {
    const { value, diagnostics } = parseConfig({ agents: { a: caller }, sip: {} });
    expect(diagnostics).toEqual([]);
    expect(value?.agents[0]).toMatchObject({
      allowed_ips: [{ address: "10.0.5.0", prefix: 24 }],
      auth: {
        username: "sarah",
        password: { pointer: "/agents/a/auth/password" },
        realm: "crew",
        algorithm: "MD5",
      },
    });
  });

  it("are one where two trunks share them, and two where the passwords differ", () => {
    const trunk = (crew_id: string, password: string) => ({
      crew_id,
      agents: { a: { ...caller, auth: { ...auth, password } } },
      sip: {},
    });
    const keys = (...passwords: string[]) =>
      parseConfig(passwords.map((p, i) => trunk(`t${i}`, p))).value?.agents.map((a) => a.key);
    expect(keys("hunter2", "hunter2")).toEqual(["a"]);
    expect(keys("hunter2", "hunter3")).toEqual(["a", "t1/a"]);
  });

  it("do not register", () => {
    const registering = { ...agents.agent_sarah, auth: { ...auth, register: true } };
    expect(findings({ agents: { a: registering }, sip: {} })).toEqual(["CREW2001 /agents/a/auth/register"]);
  });

  it("have no empty allowlist", () => {
    expect(findings({ agents: { a: { ...agents.agent_sarah, allowed_ips: [] } }, sip: {} })).toEqual([
      "CREW2107 /agents/a/allowed_ips",
    ]);
  });
});

describe("features of a trunk", () => {
  it("have their defaults in place", () => {
    expect(parseConfig({ sip: {} }).value?.trunks[0]).toMatchObject({
      keys_over_clear_signalling: false,
      transcode: "auto",
      dtmf: "auto",
      refer: "off",
      session_timer: { at: "/sip", expires: 1800, min: 90 },
      failover: { continue_on: [], stop_on: [] },
      limits: {
        inbound: {},
        outbound: {},
        response: { code: 503, reason: "Service Unavailable" },
      },
    });
  });

  it("are as written", () => {
    const sip = {
      auth: { type: "client_certificate", name: "PBX.Example.com." },
      session_timer: false,
      failover: { continue_on: [486, 404, 486] },
    };
    const limits = {
      calls: 20,
      inbound: { calls: 15 },
      outbound: { calls_per_second: 2 },
      response: { code: 486 },
    };
    const trunk = parseConfig({ limits, sip }).value?.trunks[0];
    expect(trunk).toMatchObject({
      auth: { type: "client_certificate", at: "/sip/auth", name: "pbx.example.com" },
      failover: { continue_on: [404, 486], stop_on: [] },
      limits: {
        calls: 20,
        inbound: { calls: 15 },
        outbound: { calls_per_second: 2 },
        response: { code: 486, reason: "Busy Here" },
      },
    });
    expect(trunk).not.toHaveProperty("session_timer");
  });

  it("of a digest trunk: it may register unless it is told not to", () => {
    const auth = { type: "digest", username: "a", password: { secret: "A" } };
    const of = (more: object) => parseConfig({ sip: { auth: { ...auth, ...more } } }).value?.trunks[0]?.auth;
    expect(of({})).toMatchObject({ register: true });
    expect(of({ register: false })).toMatchObject({ register: false });
  });
});
