import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/model/parse.ts";
import { compile, modelOf } from "./firewall.ts";

describe("the firewall of an edge", () => {
  test("knows the property of every address, socket and port range", () => {
    const { artifact } = compile(modelOf());
    const text = artifact.text.split("\n");
    const at = (part: string): (string | undefined)[] =>
      text.flatMap((line, i) => (line.includes(part) ? [artifact.lines[i]] : []));
    expect(artifact.lines.length).toBe(text.length - 1);
    expect(at("203.0.113.10,")).toEqual([expect.stringMatching(/allowed_ips\/0$/)]);
    expect(at("2001:db8:1::/64,")).toEqual([expect.stringMatching(/allowed_ips\/1$/)]);
    expect(at("198.51.100.7 udp dport 5060")).toEqual(["/network/carrier/udp"]);
    expect(at("198.51.100.7 udp dport 10000-20000")).toEqual(["/network/rtp"]);
    expect(at("flush chain")).toEqual([undefined, undefined, undefined]);
  });

  test("is the same text for the same model, whatever the order of trunks' addresses in memory", () => {
    expect(compile(modelOf()).artifact.text).toBe(compile(structuredClone(modelOf())).artifact.text);
  });

  test("is closed, without a word, where all addresses are known", () => {
    const { artifact, diagnostics } = compile(modelOf());
    expect(diagnostics).toEqual([]);
    expect(artifact.text).not.toContain("limit rate");
  });

  test("is open with a rate and a warning where a trunk signs in by password", () => {
    const { artifact, diagnostics } = compile(modelOf({ digest: true }));
    expect(diagnostics).toMatchObject([
      { code: "CREW4101", severity: "warning", pointer: expect.stringMatching(/^\/trunks\/1\/sip\/auth/) },
    ]);
    const [, carrier = "", agents = ""] = artifact.text.split(/ {2}chain (?:carrier|agents) \{\n/);
    expect(carrier).toContain("@packet4 { ip saddr limit rate 200/second");
    expect(agents).not.toContain("limit rate");
  });

  test("is open on the agents' side where an agent has a host name", () => {
    const { artifact, diagnostics } = compile(
      modelOf({ agentUri: ["sip:10.0.4.10:5080", "sip:agents.example.com:5080"] }),
    );
    expect(diagnostics).toMatchObject([{ code: "CREW4102", pointer: expect.stringContaining("uri") }]);
    expect(diagnostics[0]?.message).toContain("agents.example.com");
    expect(artifact.text).toContain("10.0.4.10,");
    expect(artifact.text).not.toContain("example");
  });

  test("lets registrars in, and is open where one has a host name", () => {
    const withRegistrar = (registrar: string) => {
      const parsed = parseConfig({
        network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },
        trunks: [
          {
            crew_id: "acme",
            country: "US",
            agents: { a: { uri: "sip:10.0.4.10:5080" } },
            sip: {
              outbound: {
                uri: "sip:203.0.113.50",
                register: { registrar },
                auth: { username: "acme", password: { secret: "P" } },
              },
            },
          },
        ],
      });
      if (parsed.value === undefined) throw new Error(JSON.stringify(parsed.diagnostics));
      return compile(parsed.value);
    };
    const literal = withRegistrar("sip:203.0.113.60");
    expect(literal.diagnostics).toEqual([]);
    expect(literal.artifact.text).toMatch(/# acme › outbound › register\n\s+203\.0\.113\.60,/);
    expect(literal.artifact.text).not.toContain("limit rate");
    const named = withRegistrar("sip:registrar.example");
    expect(named.diagnostics).toMatchObject([
      { code: "CREW4104", pointer: "/trunks/0/sip/outbound/register" },
    ]);
    expect(named.artifact.text).toContain("limit rate");
  });

  test("does not warn of an open side that only this host can reach", () => {
    expect(compile(modelOf({ digest: true, network: {} })).diagnostics).toEqual([]);
  });

  test("opens no port that the edge does not listen on", () => {
    const { artifact } = compile(
      modelOf({
        network: { public_ip: "198.51.100.7", carrier: { tcp: false }, agents: { address: "10.0.4.1" } },
      }),
    );
    expect(artifact.text).not.toContain("tcp dport 5060");
    expect(artifact.text).not.toContain("5061");
    expect(artifact.text).toContain("udp dport 5060");
    expect(artifact.text).toContain("tcp dport 5080");
  });
});
