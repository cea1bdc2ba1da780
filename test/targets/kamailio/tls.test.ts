import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { emit } from "../../../src/targets/kamailio/emit.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";
import { lower as lowerFirewall } from "../../../src/targets/nftables/lower.ts";

const tls = { certificate: "/etc/crew/edge.pem", private_key: "/etc/crew/edge.key" };
const secure = {
  a: { uri: "sip:10.0.4.10:5061;transport=tls" },
  b: { uri: "sip:[2001:db8::1]:5061;transport=tls" },
};
const plain = { a: { uri: "sip:10.0.4.10:5080" } };
const allowlist = { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] };

function model(network: object, agents: object = plain, auth: object = allowlist) {
  const parsed = parseConfig({
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" }, ...network },
    trunks: [
      {
        crew_id: "acme",
        agents,
        sip: { auth, inbound_routes: [{ match: { to_user: "a" }, agent_id: "a" }] },
      },
    ],
  });
  if (parsed.value === undefined) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}
const doc = (...of: Parameters<typeof model>) => {
  const { value } = lower(model(...of));
  if (value === undefined) throw new Error("not lowered");
  return value;
};
const file = (path: string, ...of: Parameters<typeof model>) => emit(doc(...of)).find((a) => a.path === path);

describe("an edge with a certificate", () => {
  it("listens for TLS on both sides", () => {
    expect(doc({ tls }).listeners.filter((l) => l.transport === "tls")).toMatchObject([
      { name: "carrier_tls", address: "198.51.100.7", port: 5061, property: "network › carrier › tls" },
      { name: "agents_tls", address: "10.0.4.1", port: 5081, property: "network › agents › tls" },
    ]);
  });

  it("opens the ports like those of TCP", () => {
    const sides = lowerFirewall(model({ tls })).value?.sides ?? [];
    expect(sides.map((s) => s.sockets.map((x) => `${x.protocol} ${x.port}`))).toEqual([
      ["udp 5060", "tcp 5060", "tcp 5061"],
      ["udp 5080", "tcp 5080", "tcp 5081"],
    ]);
  });

  it("names its files in tls.cfg, each line with its property", () => {
    const cfg = file("kamailio/tls.cfg", { tls: { ...tls, ca: "/etc/crew/ca.pem" } });
    expect(cfg?.text).toContain('certificate = "/etc/crew/edge.pem"');
    expect(cfg?.text.match(/ca_list = "\/etc\/crew\/ca.pem"\nverify_certificate = yes/g)).toHaveLength(2);
    expect(cfg?.lines[3]).toBe("/network/tls");
    expect(cfg?.reload).toBe("live");
  });

  it("trusts the system's CAs where none is named, and asks no client for a certificate", () => {
    const text = file("kamailio/tls.cfg", { tls })?.text ?? "";
    expect(text.slice(0, text.indexOf("[client"))).toContain("verify_certificate = no");
    expect(text.slice(text.indexOf("[client"))).toContain(
      'ca_list = "/etc/ssl/certs/ca-certificates.crt"\nverify_certificate = yes\nrequire_certificate = yes',
    );
  });

  it("loads tls before all other modules", () => {
    expect(file("kamailio/kamailio.cfg", { tls })?.text.match(/loadmodule "(\w+)/)?.[1]).toBe("tls");
  });
});

describe("an edge without one", () => {
  it("has nothing of TLS", () => {
    expect(file("kamailio/tls.cfg", {})).toBeUndefined();
    expect(file("kamailio/kamailio.cfg", {})?.text).not.toMatch(/\btls|TLS/);
  });
});

describe("agents over TLS", () => {
  it("are called from the TLS socket, and asked before anything is sent", () => {
    const lowered = doc({ tls }, { a: secure.a });
    expect(lowered.dispatcher[0]).toMatchObject({
      uri: "sip:10.0.4.10:5061;transport=tls",
      socket: "tls:10.0.4.1:5081",
    });
    expect(lowered.has.tlsAgents).toBe(true);
    expect(lowered.tables.find((t) => t.name === "tls_name")?.rows).toMatchObject([{ key: "10.0.4.10" }]);
  });

  it("cost nobody else anything", () => {
    const network = { tls, carrier: { tls: false } };
    expect(file("kamailio/kamailio.cfg", network)?.text).not.toContain("tls_peer");
  });
});

describe("carriers over TLS", () => {
  const outbound = (uri: unknown, more: object = {}) => ({ outbound: { uri, transport: "tls", ...more } });
  const register = { register: { registrar: "sip:reg.example.com:5071" } };
  const account = { auth: { username: "acme", password: { secret: "P" } } };

  function tablesOf(sip: object) {
    const { value } = parseConfig({
      network: { public_ip: "198.51.100.7", tls },
      trunks: [{ crew_id: "acme", agents: plain, sip }],
    });
    const lowered = value && lower(value).value;
    if (lowered === undefined) throw new Error("not lowered");
    const rows = (name: string) =>
      Object.fromEntries(
        (lowered.tables.find((t) => t.name === name)?.rows ?? []).map((r) => [r.key, r.value]),
      );
    return { has: lowered.has, rows };
  }

  it("are kept connected, registrars too, and known by their names within calls", () => {
    const { has, rows } = tablesOf(
      outbound(["sip:203.0.113.1", "sip:sip.example.com"], { ...register, ...account }),
    );
    expect([has.tlsOutbound, has.tlsRegistrars]).toEqual([true, true]);
    expect(rows("tls_host")).toEqual({
      "203.0.113.1:5061": "acme",
      "sip.example.com": "acme",
      "reg.example.com:5071": "acme",
    });
    expect(rows("tls_carrier")).toEqual({
      acme: "sip.example.com",
      "acme:203.0.113.1": 1,
      "acme:sip.example.com": 1,
      "acme:*.example.com": 1,
      "acme:reg.example.com": 1,
    });
    expect(rows("way")).toEqual({
      "acme:0": "acme^2^2^1^203.0.113.1:5061;transport=tls^2^sip.example.com;transport=tls",
    });
  });

  it("that only call are known by the name of their certificate", () => {
    const { has, rows } = tablesOf({ auth: { type: "client_certificate", name: "pbx.example.com" } });
    expect([has.tlsCarriers, has.tlsOutbound]).toEqual([true, false]);
    expect(rows("tls_carrier")).toMatchObject({ "acme:pbx.example.com": 1 });
  });
});

describe("a trunk by certificate", () => {
  const auth = { type: "client_certificate", name: "PBX.example.com" };
  const network = { tls: { ...tls, ca: "/etc/crew/ca.pem" } };

  it("is found by a name, in lower case", () => {
    expect(doc(network, plain, auth).tables.find((t) => t.name === "certificate")?.rows).toMatchObject([
      { key: "pbx.example.com", value: "acme" },
    ]);
  });

  it("opens the TLS port to all, and no other", () => {
    const { value, diagnostics } = lowerFirewall(model(network, plain, auth));
    expect(value?.sides[0]?.open).toMatchObject({ port: 5061 });
    expect(diagnostics.map((d) => d.code)).toEqual(["CREW4103"]);
  });
});
