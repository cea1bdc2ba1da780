/** What the samples of the checks on the outbound half leave out. */
import { describe, expect, it } from "vitest";
import { runChecks } from "../../src/checks/index.ts";
import type { EngineLine } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";

const agents = { a: { uri: "sip:10.0.4.10:5080" } };
const network = { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } };
const provider = { uri: "sip:192.0.2.5", allowed_destinations: ["+1"] };
const base = {
  agents,
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "a" }],
  },
};

/** Trunk `acme` with changes, beside others. */
function found(
  sip: object,
  more: { edge?: object; trunk?: object; others?: object[]; engine?: EngineLine } = {},
) {
  const trunk = { crew_id: "acme", ...base, ...more.trunk, sip: { ...base.sip, ...sip } };
  const draft = { network, ...more.edge, trunks: [trunk, ...(more.others ?? [])] };
  const options = more.engine === undefined ? {} : { engine: more.engine };
  const { value, diagnostics } = parseConfig(draft, options);
  if (value === undefined) throw new Error(JSON.stringify(diagnostics));
  return runChecks(value).map((d) => `${d.code} ${d.severity} ${d.pointer}`);
}

const route = "/trunks/0/sip/inbound_routes/0";
const forward = (to: unknown) => ({
  inbound_routes: [{ match: { to_user: "main" }, agent_id: "a", on_failure: [{ forward: to }] }],
});

describe("forwards", () => {
  const auth = { type: "digest", username: "b", password: { secret: "B" } };
  const branch = (more: object) => ({
    crew_id: "b",
    sip: { nat: false, auth: { ...auth, ...more }, inbound_routes: [{ match: {}, refuse: { code: 404 } }] },
  });

  it("to a trunk that registers need no address", () => {
    const via = forward({ number: "+14155550100", via: "b" });
    expect(found(via, { others: [branch({})] })).toEqual([]);
    expect(found(via, { others: [branch({ register: false })] })).toEqual([
      `CREW2212 error ${route}/on_failure/0/forward`,
    ]);
  });

  it("to denied numbers are refused too", () => {
    const outbound = { ...provider, denied_destinations: ["+1900"] };
    expect(found({ ...forward("+19005550100"), outbound })).toEqual([
      `CREW2213 error ${route}/on_failure/0/forward`,
    ]);
    expect(found({ ...forward("+14155550100"), outbound })).toEqual([]);
  });

  it("to the same number twice are asked for nothing", () => {
    const twice = {
      inbound_routes: [{ match: {}, forward: "+14155550100", on_failure: [{ forward: "+1 415 555 0100" }] }],
    };
    expect(found({ ...twice, outbound: provider }, { trunk: { agents: {} } })).toEqual([
      `CREW2207 warning ${route}/on_failure/0/forward`,
    ]);
  });
});

describe("outbound_routes", () => {
  it("lead over trunks with a way out", () => {
    const edge = { outbound_routes: [{ match: {}, via: "acme" }] };
    expect(found({ outbound: provider }, { edge })).toEqual([]);
    expect(found({}, { edge })).toEqual(["CREW2212 error /outbound_routes/0/via"]);
  });

  it("are hidden by wider ones of the same agent or of all", () => {
    const order = (...matches: object[]) =>
      found(
        { outbound: provider },
        { edge: { outbound_routes: matches.map((match) => ({ match, via: "acme" })) } },
      );
    expect(order({ to_prefix: "+1", agent_id: "a" }, { to_prefix: "+1" })).toEqual([]);
    expect(order({ to_prefix: "+1" }, { to_uri: "+14155550100", agent_id: "a" })).toEqual([
      "CREW2221 error /outbound_routes/1/match",
    ]);
    expect(order({ agent_id: "a" }, { to_prefix: "+1", agent_id: "a" })).toEqual([
      "CREW2221 error /outbound_routes/1/match",
    ]);
    expect(order({ to_uri: "+14155550100" }, { to_prefix: "+1" }, {}, {})).toEqual([
      "CREW2221 error /outbound_routes/3/match",
    ]);
  });
});

describe("destinations", () => {
  it("that are short numbers are allowed by their own entry or by every number", () => {
    const forwards = (allowed_destinations: string[], denied_destinations: string[] = []) =>
      found(
        {
          inbound_routes: [{ match: {}, forward: "911" }],
          outbound: { uri: "sip:192.0.2.5", allowed_destinations, denied_destinations },
        },
        { trunk: { agents: {} } },
      );
    expect(forwards(["+1", "911"])).toEqual([]);
    expect(forwards(["+"])).toEqual([]);
    expect(forwards(["+1", "+911"])).toEqual([`CREW2213 error ${route}/forward`]);
    expect(forwards(["9112"])).toEqual([`CREW2213 error ${route}/forward`]);
  });

  it("that are the whole world on purpose need no guard", () => {
    expect(found({ outbound: { uri: "sip:192.0.2.5", allowed_destinations: ["+"] } })).toEqual([]);
  });
});

describe("callers", () => {
  it("beside the list are only mentioned", () => {
    const outbound = { ...provider, caller_id: "+14155550100", caller_ids: ["+14155550101"] };
    expect(found({ outbound })).toEqual(["CREW2214 info /trunks/0/sip/outbound/caller_id"]);
  });
});

describe("keys of SRTP", () => {
  const tls = { certificate: "/etc/crew/a.pem", private_key: "/etc/crew/a.key" };
  const edge = { network: { ...network, tls } };

  it("do not go out in clear unless that was said", () => {
    const sip = { media_encryption: "allowed", outbound: provider };
    expect(found(sip, { edge })).toEqual(["CREW3125 warning /trunks/0/sip/outbound/uri"]);
    expect(found({ ...sip, outbound: { ...provider, transport: "tls" } }, { edge })).toEqual([]);
    expect(found({ ...sip, keys_over_clear_signalling: true }, { edge })).toEqual([]);
  });

  it("of a certificate trunk need a TLS port", () => {
    const auth = { type: "client_certificate", name: "pbx.example.com" };
    const closed = {
      network: { ...network, tls: { ...tls, ca: "/etc/crew/ca.pem" }, carrier: { tls: false } },
    };
    expect(found({ auth }, { edge: closed })).toEqual(["CREW3129 error /trunks/0/sip/auth"]);
    expect(found({ auth })).toEqual(["CREW3129 error /trunks/0/sip/auth"]);
  });
});

describe("hours", () => {
  const match = (hours: object | undefined, not_hours: object) => ({
    inbound_routes: [
      { match: { ...(hours === undefined ? {} : { hours }), not_hours }, agent_id: "a" },
      { match: { to_user: "main" }, agent_id: "a" },
    ],
  });
  const office = { time_zone: "Europe/Berlin", days: ["mon", "tue"], from: "09:00", to: "17:00" };
  const wide = { time_zone: "Europe/Berlin", from: "08:00", to: "18:00" };

  it.each([
    [office, wide, true],
    [wide, office, false],
    [office, { ...wide, time_zone: "America/New_York" }, false],
    [undefined, { ...wide, from: "00:00", to: "24:00" }, true],
    [undefined, wide, false],
  ])("%j outside of %j never come: %s", (hours, not_hours, never) => {
    expect(found(match(hours, not_hours))).toEqual(never ? [`CREW2216 error ${route}/match/not_hours`] : []);
  });
});

describe("headers that routes look at", () => {
  const reading = (name: string) => ({
    inbound_routes: [{ match: { header: { name, present: true } }, agent_id: "a" }],
  });
  it.each(["User-Agent", "Diversion", "X-Queue"])("%s may be", (name) => {
    expect(found(reading(name))).toEqual([]);
  });
  it.each(["X-Crew-Agent", "P-Asserted-Identity", "Route", "f"])("%s may not be", (name) => {
    expect(found(reading(name))).toEqual([`CREW3131 error ${route}/match/header/name`]);
  });
});

describe("agents that place calls", () => {
  const caller = (more: object) => ({ a: { ...agents.a, ...more } });
  const digest = (username: string) => ({ type: "digest", username, password: { secret: "A" } });

  it("are held to the same allowlists", () => {
    const open = { trunk: { agents: caller({ allowed_ips: ["0.0.0.0/0"] }) } };
    expect(found({}, open)).toEqual(["CREW3104 error /trunks/0/agents/a/allowed_ips/0"]);
  });

  it("need no route, and no plain password", () => {
    const b = { uri: "sip:10.0.4.11", nat: false, auth: { ...digest("b"), password: "hunter2" } };
    expect(found({}, { trunk: { agents: { ...agents, b } } })).toEqual([
      "CREW3114 warning /trunks/0/agents/b/auth/password",
    ]);
  });

  it("are taken to be behind NAT where they have a password, unless it is said", () => {
    const of = (more: object) => found({}, { trunk: { agents: caller({ auth: digest("sarah"), ...more }) } });
    expect(of({})).toEqual(["CREW3123 warning /trunks/0/agents/a/auth"]);
    expect(of({ nat: false })).toEqual([]);
  });

  it("have user names of their own, which a trunk may have too", () => {
    const b = { uri: "sip:10.0.4.11", nat: false, auth: digest("sarah") };
    const both = { ...caller({ nat: false, auth: digest("sarah") }), b };
    expect(found({}, { trunk: { agents: both } })).toEqual([
      "CREW3115 error /trunks/0/agents/b/auth/username",
    ]);
    const auth = digest("sarah");
    expect(found({ auth, nat: false }, { trunk: { agents: caller({ nat: false, auth }) } })).toEqual([]);
  });
});

describe("limits", () => {
  it("of both directions count for the media ports where there is no common one", () => {
    const edge = { network: { ...network, rtp: [10000, 10099] } };
    const limits = { inbound: { calls: 20 }, outbound: { calls: 10 } };
    expect(found({}, { edge, trunk: { limits } })).toEqual(["CREW3113 error /network/rtp"]);
    expect(found({}, { edge, trunk: { limits: { ...limits, calls: 20 } } })).toEqual([]);
  });
});

describe("engine lines", () => {
  const edge = {
    network: { ...network, carrier: { tcp: false }, agents: { ...network.agents, tcp: false } },
  };
  const on56 = (sip: object, trunk = {}) =>
    found(sip, { edge, trunk, engine: "5.6" }).filter((line) => /^CREW42/.test(line));

  it("that cannot transcode need a common codec", () => {
    const opus = { agents: { a: { ...agents.a, codecs: ["opus"] } } };
    const sip = { codecs: [{ name: "PCMU" }] };
    expect(on56(sip, opus)).toEqual(["CREW4202 error /trunks/0/agents/a/codecs"]);
    expect(on56({ transcode: "always" })).toEqual(["CREW4202 error /trunks/0/sip/transcode"]);
    expect(found(sip, { trunk: opus })).toEqual(["CREW3140 info /trunks/0/agents/a/codecs"]);
  });

  it("that have no safe TLS call no provider by it", () => {
    expect(on56({ outbound: { ...provider, transport: "tls" } })).toEqual([
      expect.stringMatching(/^CREW420[12] error \/trunks\/0\/sip\/outbound\/uri$/),
    ]);
    expect(on56({ outbound: provider })).toEqual([]);
  });
});
