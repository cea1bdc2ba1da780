/** Draft → Model: what resolves to what, and which findings stand where. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";

const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" } };
const allowlist = { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] };

function findings(draft: unknown): string[] {
  return parseConfig(draft).diagnostics.map((d) => `${d.code} ${d.pointer}${d.part === "key" ? " key" : ""}`);
}

function routeTo(match: unknown, country?: string) {
  const draft = {
    agents,
    ...(country ? { country } : {}),
    sip: { auth: allowlist, inbound_routes: [{ match, agent_id: "agent_sarah" }] },
  };
  return parseConfig(draft).value?.trunks[0]?.routes[0]?.match;
}

describe("numbers", () => {
  it.each([
    ["+14155551111", undefined, "+14155551111"],
    ["+1 (415) 555-1111", undefined, "+14155551111"],
    ["tel:+14155551111", undefined, "+14155551111"],
    ["sip:+14155551111@example.com", undefined, "+14155551111"],
    ["0044 20 7183 8750", undefined, "+442071838750"],
    ["(415) 555-1111", "US", "+14155551111"],
    ["1 415 555 1111", "US", "+14155551111"],
    ["011 44 20 7183 8750", "US", "+442071838750"],
    ["030 1234567", "DE", "+49301234567"],
    ["06 1234 5678", "IT", "+390612345678"],
  ])("reads %s with country %s as %s", (to_uri, country, expected) => {
    expect(routeTo({ to_uri }, country)).toEqual({ to_number: expected });
  });

  it.each(["4155551111", "+0123", "+1234567890123456"])("refuses %s without a country", (to_uri) => {
    expect(
      findings({
        agents,
        sip: { auth: allowlist, inbound_routes: [{ match: { to_uri }, agent_id: "agent_sarah" }] },
      }),
    ).toEqual(["CREW2103 /sip/inbound_routes/0/match/to_uri"]);
  });
});

describe("addresses", () => {
  it.each([
    ["010.0.0.1", "CREW2105"],
    ["10.1", "CREW2105"],
    ["0x0a000001", "CREW2004"],
    ["10.0.0.1/24", "CREW2106"],
    ["10.0.0.0/33", "CREW2105"],
    ["10.0.0.0/08", "CREW2105"],
    ["2001:db8::1/64", "CREW2106"],
    ["sip.example.com", "CREW2004"],
  ])("refuses %s", (ip, code) => {
    expect(findings({ sip: { auth: { type: "ip_allowlist", allowed_ips: [ip] } } })).toEqual([
      `${code} /sip/auth/allowed_ips/0`,
    ]);
  });

  it("writes addresses in one form", () => {
    const draft = {
      sip: {
        auth: {
          type: "ip_allowlist",
          allowed_ips: ["2001:DB8:0:0::1", "::ffff:203.0.113.9", "198.51.100.0/24"],
        },
      },
    };
    const auth = parseConfig(draft).value?.trunks[0]?.auth;
    expect(auth?.type === "ip_allowlist" && auth.networks.map((n) => `${n.address}/${n.prefix}`)).toEqual([
      "2001:db8::1/128",
      "203.0.113.9/32",
      "198.51.100.0/24",
    ]);
  });
});

describe("agents", () => {
  it("keeps the same agent of two trunks once, and different ones of the same id apart", () => {
    const other = { agent_sarah: { uri: "sip:10.0.9.9" } };
    const trunk = (crew_id: string, map: unknown) => ({ crew_id, agents: map, sip: { auth: allowlist } });
    const model = parseConfig([trunk("a", agents), trunk("b", agents), trunk("c", other)]).value;
    expect(model?.agents.map((a) => a.key)).toEqual(["agent_sarah", "c/agent_sarah"]);
  });

  it("sends any id to the gateway with the id as the user", () => {
    const draft = {
      agent_gateway: "sip:10.0.4.10",
      sip: { auth: allowlist, inbound_routes: [{ match: {}, agent_id: "anyone" }] },
    };
    expect(parseConfig(draft).value?.agents[0]?.targets[0]).toMatchObject({
      user: "anyone",
      host: "10.0.4.10",
      port: 5060,
    });
  });

  it("refuses calls to agents of a fragment that says nowhere where they are, with a warning", () => {
    const result = parseConfig({
      sip: { inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }] },
    });
    expect(result.diagnostics.map((d) => [d.code, d.severity])).toEqual([["CREW2102", "warning"]]);
    expect(result.value?.trunks[0]?.routes[0]?.destinations).toMatchObject([{ type: "refuse", code: 480 }]);
  });
});

describe("engine lines", () => {
  it("leaves TCP off on 5.6 unless it is asked for", () => {
    const draft = { trunks: [{ sip: { auth: allowlist } }], network: { carrier: { tcp: 5060 } } };
    expect(parseConfig(draft, { engine: "5.6" }).value?.edge.network).toMatchObject({
      carrier: { udp: 5060, tcp: 5060 },
    });
    expect(parseConfig(draft, { engine: "5.6" }).value?.edge.network.agents).toEqual({
      address: "127.0.0.1",
      udp: 5080,
    });
    expect(parseConfig(draft).value?.edge.network.agents.tcp).toBe(5080);
  });
});

describe("findings", () => {
  it("says what is read and not acted on", () => {
    expect(findings({ agents, sip: { auth: allowlist }, pbx: [{ type: "asterisk" }] })).toEqual([
      "CREW4007 /pbx",
    ]);
  });

  it("reports problems of shape and of meaning in one run, at their places in the original", () => {
    const draft = {
      trunks: [
        {
          crew_id: "a b",
          country: "XX",
          agents: { x: { uri: "sip:1.2.3.4;foo=1" }, y: { uri: "sip:1.2.3.4", codec: ["opus"] } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: ["hello", "1.2.3.4/24"] },
            codecs: [{ name: "G729" }, { name: "PCMU", priority: 1 }, { name: "PCMA", priority: 1 }],
            inbound_routes: [
              { match: { to_uri: 5 }, agent_id: "x" },
              { match: {}, agent_id: "z" },
              { match: {} },
            ],
          },
        },
      ],
    };
    expect(findings(draft).sort()).toEqual([
      "CREW2001 /trunks/0/agents/y/codec key",
      "CREW2003 /trunks/0/sip/inbound_routes/0/match/to_uri",
      "CREW2004 /trunks/0/crew_id",
      "CREW2004 /trunks/0/sip/auth/allowed_ips/0",
      "CREW2004 /trunks/0/sip/codecs/0/name",
      "CREW2101 /trunks/0/sip/inbound_routes/1/agent_id",
      "CREW2106 /trunks/0/sip/auth/allowed_ips/1",
      "CREW2108 /trunks/0/agents/x/uri",
      "CREW2109 /trunks/0/country",
      "CREW2110 /trunks/0/sip/inbound_routes/2",
      "CREW2112 /trunks/0/sip/codecs/2/priority",
    ]);
  });

  it.each([
    ["sips:10.0.4.10;transport=udp", "for UDP", "leave out ';transport=udp'"],
    ["sip:2001:db8::1;transport=tcp", "without brackets", "'sip:[2001:db8::1];transport=tcp'"],
    ["sip:bob:hunter2@10.0.4.10", "'sip:bob:•••@10.0.4.10' holds a password", "auth"],
  ])("says what is wrong with %s, and no password", (uri, message, help) => {
    const { diagnostics } = parseConfig({ agents: { a: { uri } }, sip: {} });
    const found = diagnostics.filter((d) => d.code === "CREW2108");
    expect(found).toMatchObject([
      { message: expect.stringContaining(message), help: expect.stringContaining(help) },
    ]);
    expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
  });

  it.each([
    [
      { auth: { type: "ip_allowlist", allowed_ips: ["[2001:db8::1]"] } },
      "'allowed_ips[0]' is \"[2001:db8::1]\", but must be an IPv4 or IPv6 address or network such as 203.0.113.16/28.",
      "'2001:db8::1'",
    ],
    [
      { auth: { type: "digest", username: "a", password: "" } },
      "'password' must have at least 1 character.",
      undefined,
    ],
    [
      { auth: { type: "digest", username: "a", password: { secret: "hunter2 !" } } },
      "'secret' must be the name of an environment variable.",
      'secret("TRUNK_PASSWORD")',
    ],
    [
      { auth: { type: "digest", username: "a", password: { secret: undefined } } },
      "'password' has no 'secret'.",
      "What it got is undefined",
    ],
    [
      { auth: { type: "digest", username: "a", password: 5 } },
      "'password' must be an object or text.",
      undefined,
    ],
  ])("says what to write instead: %j", (sip, message, help) => {
    const [found] = parseConfig({ sip }).diagnostics.filter((d) => d.severity === "error");
    expect(found).toMatchObject({ message });
    if (help === undefined) expect(found?.help).toBeUndefined();
    else expect(found?.help).toContain(help);
  });

  it("says how a transport is turned off", () => {
    const { diagnostics } = parseConfig({ trunks: [{ sip: {} }], network: { carrier: { udp: 0 } } });
    expect(diagnostics.map((d) => d.help)).toEqual(["Write 'false' to turn a transport off."]);
  });

  it("does not blame what follows from a part that was left out", () => {
    expect(
      findings({
        agents: { a: { uri: 5 } },
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: [7] },
          inbound_routes: [{ match: {}, agent_id: "a" }],
        },
      }),
    ).toEqual(["CREW2003 /agents/a/uri", "CREW2003 /sip/auth/allowed_ips/0"]);
  });

  it("never shows a password", () => {
    for (const password of ["hunter2hunter2".repeat(40), { secret: "not a name hunter2" }, 42424242]) {
      const text = JSON.stringify(
        parseConfig({ sip: { auth: { type: "digest", username: "u", password } } }),
      );
      expect(text).not.toMatch(/hunter2|42424242/);
    }
  });

  it.each([undefined, null, 5, "x", [], () => 1])("refuses a config that is %s", (draft) => {
    expect(findings(draft)).toEqual(["CREW2005 "]);
  });

  it.each([
    [{ name: "X-Queue" }, "CREW2002 /sip/inbound_routes/0/match/header", "'equals', 'contains' or 'present'"],
    [
      { name: "X-Queue", equals: "a", contains: "b" },
      "CREW2001 /sip/inbound_routes/0/match/header/contains key",
      "exclude each other",
    ],
  ])("says of the header condition %j that one thing must be asked", (header, finding, help) => {
    const draft = { sip: { inbound_routes: [{ match: { header }, refuse: { code: 404 } }] } };
    expect(findings(draft)).toEqual([finding]);
    expect(parseConfig(draft).diagnostics[0]?.help).toContain(help);
  });

  it.each([
    [{ name: "X!Queue", present: true }, "name", "letters, digits"],
    [{ name: "X-Queue", equals: " a" }, "equals", "begin or end with a blank"],
  ])("refuses the header condition %j, which no call could meet", (header, property, message) => {
    const draft = { sip: { inbound_routes: [{ match: { header }, refuse: { code: 404 } }] } };
    expect(findings(draft)).toEqual([`CREW2004 /sip/inbound_routes/0/match/header/${property}`]);
    expect(parseConfig(draft).diagnostics[0]?.message).toContain(message);
  });

  it("names what a choice may be, and what was probably meant", () => {
    const choice = { forwad: "+14155550100" };
    const draft = {
      agents,
      sip: { inbound_routes: [{ match: {}, agent_id: "agent_sarah", on_failure: [choice] }] },
    };
    expect(parseConfig(draft).diagnostics.map((d) => [d.code, d.help])).toEqual([
      ["CREW2002", "Add one of them: 'agent_id', 'forward' or 'refuse'."],
      ["CREW2001", "Did you mean 'forward'?"],
    ]);
  });

  it.each([
    ["inbound_rutes", "inbound_routes"],
    ["codec", "codecs"],
  ])("suggests for %s", (typo, word) => {
    expect(parseConfig({ sip: { [typo]: [] } }).diagnostics[0]?.help).toBe(`Did you mean '${word}'?`);
  });

  it.each([
    ["refer", "on", undefined],
    ["refer", "of", "off"],
    ["refer", "psas", "pass"],
  ])("suggests for %s: '%s' what differs in few letters: %s", (property, typed, word) => {
    const { help = "" } = parseConfig({ sip: { [property]: typed } }).diagnostics[0] ?? {};
    if (word === undefined) expect(help).not.toContain("Did you mean");
    else expect(help).toContain(`Did you mean '${word}'?`);
  });

  it.each([
    [{ sip: { limits: { calls: 3 } } }, "It stands beside 'sip', not in it."],
    [{ auth: { type: "ip_allowlist" }, sip: {} }, "It belongs in 'sip'."],
    [{ sip: { inbound_routes: [{ match: { agent_id: "a" } }] } }, "It stands beside 'match', not in it."],
    [
      { sip: { inbound_routes: [{ to_user: "a", match: {}, refuse: { code: 404 } }] } },
      "It belongs in 'match'.",
    ],
    [{ trunks: [{ sip: {} }], sip: {} }, "It belongs in the entries of 'trunks'."],
    [
      { sip: {}, network: { public_ip: "198.51.100.7" } },
      "It belongs to an edge: export defineEdge({ trunks: [ … ], network: … }).",
    ],
  ])("says where a property of %j belongs", (draft, help) => {
    const [found] = parseConfig(draft).diagnostics.filter((d) => d.code === "CREW2001");
    expect(found?.help).toBe(help);
  });
});
