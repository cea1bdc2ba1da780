/** Trunks whose PBX registers: who may, what goes there, and what an agent means that names no trunk. */
import { describe, expect, it } from "vitest";
import { isNewer } from "../../../src/deploy/contacts.ts";
import { parseConfig } from "../../../src/model/parse.ts";
import { contactsText } from "../../../src/targets/kamailio/binding.ts";
import { lower } from "../../../src/targets/kamailio/lower/index.ts";

const agents = { a: { uri: "sip:10.0.4.10:5080" } };
const digest = (crew_id: string, more: object = {}, sip: object = {}) => ({
  crew_id,
  agents,
  sip: { auth: { type: "digest", username: crew_id, password: { secret: "P" }, ...more }, ...sip },
});

function lowered(trunks: readonly object[], more: object = {}) {
  const { value, diagnostics } = parseConfig({
    network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
    trunks,
    ...more,
  });
  if (value === undefined) throw new Error(JSON.stringify(diagnostics));
  const doc = lower(value).value;
  if (doc === undefined) throw new Error("no doc");
  return {
    has: doc.has,
    tables: doc.tables.map((t) => t.name),
    rows: (name: string) =>
      Object.fromEntries((doc.tables.find((t) => t.name === name)?.rows ?? []).map((r) => [r.key, r.value])),
  };
}

describe("a trunk with a password", () => {
  it("lets its PBX register and is called there, with what was dialled", () => {
    const office = digest("office", {}, { inbound_routes: [{ match: {}, forward: { extension: "200" } }] });
    const { has, tables, rows } = lowered([office]);
    expect(has).toMatchObject({ registrar: true, outbound: true, forwards: true });
    expect(tables).toContain("binding");
    expect(rows("digest")).toEqual({ office: 2 });
    expect(rows("way")).toEqual({ "office:0": "office^0^1^1^-" });
    expect(rows("chain")).toEqual({ "c1:0": "0^forward^office^200" });
    expect(rows("out")).toEqual({ office: "e164^*^00^*^*^*^from^*^*" });
  });

  it("with 'outbound' is called there; its PBX may register all the same", () => {
    const { has, rows } = lowered([digest("office", {}, { outbound: { uri: "sip:203.0.113.10" } })]);
    expect(has.registrar).toBe(true);
    expect(rows("dial")).toEqual({ "10.0.4.10": "office^p^^^office" });
    expect(rows("way")).toEqual({ "office:0": "office^1^1^1^203.0.113.10:5060;transport=udp" });
  });

  it("that forbids it has no registrar in its script, and carries no calls", () => {
    const { has, tables, rows } = lowered([digest("office", { register: false })]);
    expect(has).toMatchObject({ registrar: false, outbound: false });
    expect(tables).not.toContain("binding");
    expect(rows("digest")).toEqual({ office: 1 });
  });

  it("is one of an outbound route's", () => {
    const outbound_routes = [{ match: { to_prefix: "+1" }, via: ["office"] }];
    const { rows } = lowered([digest("office")], { outbound_routes });
    expect(rows("way")).toMatchObject({ "route 0:0": "office^0^1^1^-" });
  });
});

describe("an agent that names no trunk", () => {
  const provider = { crew_id: "provider", agents, sip: { outbound: { uri: "sip:203.0.113.50" } } };
  const other = { crew_id: "other", agents, sip: { outbound: { uri: "sip:203.0.113.51" } } };
  it.each([
    ["the only trunk", [digest("office")], "office^p^^^office"],
    ["the only one with outbound", [digest("office"), provider], "office,provider^p^^^provider"],
    ["none of two with outbound", [digest("office"), provider, other], "office,other,provider^p"],
    ["none of two whose PBXs register", [digest("office"), digest("branch")], "branch,office^p"],
    ["whatever there is where no PBX registers", [provider], "provider^p"],
  ])("means %s", (_, trunks, row) => {
    expect(lowered(trunks).rows("dial")).toEqual({ "10.0.4.10": row });
  });
});

describe("contacts that are kept", () => {
  const entry = "1790000000^sip:203.0.113.9:4012;transport=udp^sip:a$b@192.168.1.10;x=1^0123456789abcdef^7";

  it("are lines that fill the table", () => {
    expect(contactsText([{ trunk: "office", value: `1780000000.5 ${entry} ${entry}` }])).toBe(
      `\tsht_setxs("binding", "office", "1780000000.5 ${entry} ${entry}", "0");\n`.replaceAll(
        "a$b",
        () => "a$$b",
      ),
    );
    expect(contactsText([])).toBe("");
  });

  it.each([
    ["a quote", `1.5 ${entry.replace("a$b", 'a"b')}`],
    ["a backslash", `1.5 ${entry.replace("a$b", "a\\b")}`],
    ["a line end", `1.5 ${entry}\n`],
    ["a field too few", `1.5 ${entry.replace("^7", "")}`],
    ["no time of change", entry],
  ])("with %s are none", (_, value) => {
    expect(() => contactsText([{ trunk: "office", value }])).toThrow("no contacts of a trunk");
  });

  it("are compared by second, then microsecond", () => {
    expect(isNewer("10.9", "9.10")).toBe(true);
    expect(isNewer("10.9", "10.10")).toBe(false);
    expect(isNewer("10.10", "10.9")).toBe(true);
    expect(isNewer("10.9", "10.9")).toBe(false);
    expect(isNewer("", undefined)).toBe(true);
  });
});
