/** What is registered where, under which Contact, and whose calls an address may bring. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

interface Options {
  readonly register?: object | true;
  readonly uri?: string;
  readonly username?: string;
  readonly auth?: object;
  readonly network?: object;
}

const trunk = (crew_id: string, o: Options = {}) => ({
  crew_id,
  country: "US",
  agents: { a: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    ...(o.auth === undefined ? {} : { auth: o.auth }),
    outbound: {
      uri: o.uri ?? "sip:203.0.113.50",
      register: o.register ?? true,
      auth: { username: o.username ?? crew_id, password: { secret: "P" } },
    },
  },
});

function lowered(trunks: readonly object[], network: object = {}) {
  const { value, diagnostics } = parseConfig({
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" }, ...network },
    trunks,
  });
  if (value === undefined) throw new Error(JSON.stringify(diagnostics));
  const result = lower(value);
  const doc = result.value;
  if (doc === undefined) throw new Error(JSON.stringify(result.diagnostics));
  return {
    has: doc.has,
    rows: (name: string) =>
      Object.fromEntries((doc.tables.find((t) => t.name === name)?.rows ?? []).map((r) => [r.key, r.value])),
    warnings: result.diagnostics.map((d) => `${d.code} ${d.pointer}`),
  };
}

describe("a registration", () => {
  it("names registrar, address of record, Contact, socket and seconds", () => {
    const { rows, warnings } = lowered([trunk("acme")]);
    expect(rows("register")).toEqual({
      "0": "acme^203.0.113.50:5060^udp^sip:acme@203.0.113.50^sip:acme@198.51.100.7:5060^acme@198.51.100.7^udp:198.51.100.7:5060^300",
    });
    expect(warnings).toEqual([]);
  });

  it("has its own registrar, transport, user and time, behind an address that peers see", () => {
    const register = { registrar: "sip:203.0.113.60:5070;transport=tcp", expires: 600, contact_user: "desk" };
    const { rows } = lowered([trunk("acme", { register, username: "desk@office" })], {
      bind_ip: "192.0.2.7",
    });
    expect(rows("register")).toEqual({
      "0": "acme^203.0.113.60:5070^tcp^sip:desk%40office@203.0.113.60^sip:desk@198.51.100.7:5060;transport=tcp^desk@198.51.100.7^tcp:192.0.2.7:5060^600",
    });
    expect(rows("account")).toEqual({ acme: "desk" });
    expect(Object.keys(rows("contact")).sort()).toEqual([
      "203.0.113.50",
      "203.0.113.50/desk",
      "203.0.113.60",
      "203.0.113.60/desk",
    ]);
    expect(Object.keys(rows("far")).sort()).toEqual(["203.0.113.50", "203.0.113.60"]);
  });

  it("is known by its address alone only where no other one is there", () => {
    const { rows, has } = lowered([trunk("acme"), trunk("sales", { register: { contact_user: "desk" } })]);
    expect(rows("contact")).toEqual({ "203.0.113.50/acme": "acme", "203.0.113.50/desk": "sales" });
    expect(has).toMatchObject({ registrations: true, contactUsers: true, learnedRegistrars: false });
  });

  it.each([
    ["203.0.113.50", true],
    ["203.0.113.48/29", true],
    ["203.0.113.64/29", false],
  ])("stands beside another trunk's list with %s: looked at for each call %s", (allowed, among) => {
    const auth = { type: "ip_allowlist", allowed_ips: [allowed] };
    const office = { crew_id: "office", agents: { a: { uri: "sip:10.0.4.10:5080" } }, sip: { auth } };
    expect(lowered([trunk("acme"), office]).has.contactsAmongSources).toBe(among);
    expect(lowered([trunk("acme", { auth })]).has.contactsAmongSources).toBe(false);
  });

  it("at a host name says whose calls are taken", () => {
    const { rows, has, warnings } = lowered([trunk("acme", { uri: "sip:provider.example" })]);
    expect(rows("register")["0"]).toMatch(/^acme\^provider\.example\^udp\^sip:acme@provider\.example\^/);
    expect(has).toMatchObject({ learnedRegistrars: true, outboundNames: true });
    expect(warnings).toEqual(["CREW4026 /trunks/0/sip/outbound/register"]);
  });

  it.each([
    ["sip:[2001:db8::1]", {}, "CREW4027"],
    ["sip:203.0.113.50;transport=tcp", { carrier: { tcp: false } }, "CREW4027"],
    ["sip:203.0.113.50;transport=tls", { carrier: { tls: false } }, "CREW4027"],
  ])("at %s without such a socket is said, and left out", (registrar, network, code) => {
    const { has, warnings } = lowered([trunk("acme", { register: { registrar } })], network);
    expect(warnings).toEqual([`${code} /trunks/0/sip/outbound/register`]);
    expect(has.registrations).toBe(false);
  });

  it("with a URI that Kamailio cannot hold is said, and left out", () => {
    const host = `${"a".repeat(60)}.${"b".repeat(50)}.example`;
    const { has, warnings } = lowered([trunk("acme", { register: { registrar: `sip:${host}` } })]);
    expect(warnings).toEqual(["CREW4028 /trunks/0/sip/outbound/register"]);
    expect(has.registrations).toBe(false);
  });

  it("is in no script without one", () => {
    const plain = trunk("acme");
    const { register: _, ...outbound } = plain.sip.outbound;
    const { has, rows } = lowered([{ ...plain, sip: { outbound } }]);
    expect(has.registrations).toBe(false);
    expect(rows("register")).toEqual({});
  });
});
