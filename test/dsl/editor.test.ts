import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { type Editor, openEditor } from "./editor.ts";

let editor: Editor;
beforeAll(() => {
  editor = openEditor();
});

/** A config whose trunk has what is given beside its agents. */
function config(sip: string, more = ""): string {
  return `import { defineAgents, defineTrunk } from "crew";
const agents = defineAgents({ agent_sarah: { uri: "sip:10.0.4.10" }, agent_marcus: { uri: "sip:10.0.4.11" } });
export default defineTrunk({
  agents,${more}
  sip: { ${sip} },
});
`;
}

describe("completion", () => {
  test.each([
    ["agent_id", `inbound_routes: [{ match: {}, agent_id: "|" }]`, ["agent_marcus", "agent_sarah"]],
    [
      "agent_id of a second choice",
      `inbound_routes: [{ match: {}, on_failure: [{ agent_id: "|" }] }]`,
      ["agent_marcus", "agent_sarah"],
    ],
    ["codecs[].name", `codecs: [{ name: "|" }]`, ["G722", "PCMA", "PCMU", "opus"]],
    [
      "codecs[].sample_rate",
      "codecs: [{ name: 'opus', sample_rate: | }]",
      ["8000", "12000", "16000", "24000", "48000"],
    ],
    ["auth.type", `auth: { type: "|" }`, ["client_certificate", "digest", "ip_allowlist"]],
    ["outbound.transport", `outbound: { uri: "sip:a.example", transport: "|" }`, ["tcp", "tls", "udp"]],
    ["caller_id.source", `caller_id: { source: "|" }`, ["from", "pai", "ppi", "rpid"]],
    ["media_encryption", `media_encryption: "|"`, ["allowed", "disabled", "required"]],
    [
      "properties of match",
      "inbound_routes: [{ match: { | } }]",
      [
        "caller",
        "caller_prefix",
        "header",
        "hours",
        "not_hours",
        "to_pattern",
        "to_prefix",
        "to_uri",
        "to_user",
      ],
    ],
    [
      "hours.days",
      `inbound_routes: [{ match: { hours: { days: ["|"] } } }]`,
      ["fri", "mon", "sat", "sun", "thu", "tue", "wed"],
    ],
    [
      "properties of a header condition",
      "inbound_routes: [{ match: { header: { | } } }]",
      ["contains", "equals", "name", "present"],
    ],
    [
      "properties of a choice",
      "inbound_routes: [{ match: {}, on_failure: [{ | }] }]",
      ["agent_id", "forward", "refuse"],
    ],
    ["properties of forward", "inbound_routes: [{ match: {}, forward: { | } }]", ["number", "via"]],
    [
      "outbound.number_format",
      `outbound: { uri: "sip:a.example", number_format: "|" }`,
      ["digits", "e164", "international", "national"],
    ],
    ["transcode", `transcode: "|"`, ["always", "auto", "never"]],
    ["dtmf", `dtmf: "|"`, ["auto", "info", "rfc4733"]],
    ["refer", `refer: "|"`, ["off", "pass"]],
    ["properties of an allowlist", `auth: { type: "ip_allowlist", | }`, ["allowed_ips"]],
  ])("inside %s", (_, sip, expected) => {
    expect(editor.complete(config(sip))).toEqual(expect.arrayContaining(expected));
    if (sip.includes('"|"')) expect([...editor.complete(config(sip))].sort()).toEqual(expected);
  });

  test("inside time_zone: the names of the database, though others are as good", () => {
    const sip = (zone: string) =>
      `inbound_routes: [{ match: { hours: { time_zone: "${zone}", from: "09:00", to: "17:00" } }, agent_id: "agent_sarah" }]`;
    const names = editor.complete(config(sip("|")));
    expect(names).toEqual(expect.arrayContaining(["Europe/Berlin", "America/New_York", "UTC"]));
    expect(editor.errors(config(sip("US/Pacific")))).toEqual([]);
  });

  test("inside agent_id behind a gateway: the known agents, though any is good", () => {
    const more = ` agent_gateway: "sip:10.0.4.9",`;
    expect(editor.complete(config(`inbound_routes: [{ match: {}, agent_id: "|" }]`, more))).toContain(
      "agent_sarah",
    );
    expect(editor.errors(config(`inbound_routes: [{ match: {}, agent_id: "anybody" }]`, more))).toEqual([]);
  });
});

describe("type errors", () => {
  test("an unknown agent is named at its line, with those that exist", () => {
    const [error, ...others] = editor.errors(
      config(`inbound_routes: [\n{ match: {}, agent_id: "agent_sara" }]`),
    );
    expect(others).toEqual([]);
    expect(error).toMatch(/^6: /);
    expect(error).toContain('"agent_sara"');
    expect(error).toMatch(/agent_sarah/);
  });

  test("a config of the documented kind has none", () => {
    const sip = `auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] }, codecs: [{ name: "opus", priority: 1 }]`;
    expect(editor.errors(config(sip))).toEqual([]);
  });
});

describe("hover text", () => {
  test.each([
    ["meaning", "auth: { type: 'ip_allowlist', allow|ed_ips: [] }", /Addresses and networks \(CIDR\)/],
    [
      "unit",
      "inbound_routes: [{ match: {}, ring_time|out: 20 }]",
      /Seconds that an agent or number may ring/,
    ],
    ["default", "codecs: [{ name: 'opus', pri|ority: 1 }]", /@default place in the list/],
    [
      "of limits",
      "outbound: { uri: '', register: { exp|ires: 300 } }",
      /Seconds that a registration[^@]*@default 300/,
    ],
    [
      "of a rule",
      "inbound_routes: [{ match: { hours: { t|o: '17:00' } } }]",
      /First minute that no longer belongs/,
    ],
    [
      "agent_id",
      "inbound_routes: [{ match: {}, agent|_id: 'agent_sarah' }]",
      /The agent that takes the call/,
    ],
  ])("of a property: %s", (_, sip, expected) => {
    expect(editor.hover(config(sip))).toMatch(expected);
  });

  test("of agents, sip and the functions", () => {
    expect(editor.hover(config("").replace("  sip:", "  s|ip:"))).toMatch(/The SIP side of the trunk/);
    expect(editor.hover(config("").replace("agents,", "agen|ts,"))).toMatch(/agents of this trunk/i);
    expect(editor.hover(config("").replace("default defineTrunk", "default define|Trunk"))).toMatch(
      /@example/,
    );
  });

  test("is there for every property of the config", () => {
    const text = readFileSync(join(packageRoot(), "src/dsl/types.generated.ts"), "utf8");
    const bare = text
      .split("\n")
      .flatMap((line, i, all) =>
        /^ {2}readonly \w+\??:/.test(line) && !all[i - 1]?.endsWith("*/") ? [line.trim()] : [],
      );
    expect(bare).toEqual([]);
  });
});

test("200 literal routes do not slow the editor: the cost of a route is small and the same for all", () => {
  const routes = (count: number) =>
    Array.from(
      { length: count },
      (_, i) =>
        `{ match: { to_uri: "+1415555${1000 + i}" }, agent_id: "agent_sarah", on_failure: [{ agent_id: "agent_marcus" }] }`,
    ).join(",\n");
  const cost = (count: number) => editor.cost(config(`inbound_routes: [${routes(count)}]`));
  const base = cost(0);
  expect(editor.errors(config(`inbound_routes: [${routes(200)}]`))).toEqual([]);
  expect(base).toBeGreaterThan(0);
  expect(cost(200) - base).toBeLessThan(200 * 5);
  expect(cost(400) - base).toBeLessThan(400 * 5);
  const text = config(`inbound_routes: [${routes(200)}, { match: {}, agent_id: "|" }]`);
  expect(editor.complete(text)).toHaveLength(2);
});
