/** Bundles with one fault each: the right code, at the right line, at the right property. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/core/diagnostic.ts";
import { engineLines } from "../../src/engine/lines.ts";
import type { EngineRuntime } from "../../src/host/runtime.ts";
import { type VerifyLevel, verifyBundle } from "../../src/verify/verify.ts";
import { type BundleOnDisk, bundleOnDisk, engine } from "./fixture.ts";

const cfg = "kamailio/kamailio.cfg";
const conf = "rtpengine/rtpengine.conf";
const nft = "nftables/edge.nft";

interface Poison {
  readonly name: string;
  readonly spoil: (bundle: BundleOnDisk) => void;
  /** The level that finds it. */
  readonly level: VerifyLevel;
  readonly code: string;
  /** The artifact and the line that the diagnostic names, after the fault is in. */
  readonly at?: (bundle: BundleOnDisk) => readonly [path: string, line: number];
  /** The property that it comes from. */
  readonly pointer?: RegExp;
  readonly message: RegExp;
}

const lineWith =
  (path: string, what: string | RegExp) =>
  (bundle: BundleOnDisk): readonly [string, number] => [path, bundle.lineOf(path, what)];

const intoRequestRoute = (statement: string) => (bundle: BundleOnDisk) =>
  bundle.edit(cfg, /\nrequest_route \{\n/, `\nrequest_route {\n\t${statement}\n`);

const poisons: readonly Poison[] = [
  {
    name: "a route that is not defined",
    spoil: intoRequestRoute("route(NOWHERE);"),
    level: "parse",
    code: "CREW5102",
    at: lineWith(cfg, "route(NOWHERE)"),
    message: /route\[NOWHERE\]/,
  },
  {
    name: "a failure route that is not defined",
    spoil: intoRequestRoute('t_on_failure("NOWHERE");'),
    level: "parse",
    code: "CREW5102",
    at: lineWith(cfg, 't_on_failure("NOWHERE")'),
    message: /failure_route\[NOWHERE\]/,
  },
  {
    name: "a regular expression that does not compile",
    spoil: intoRequestRoute('if ($rU =~ "^+49(30") exit;'),
    level: "parse",
    code: "CREW5103",
    at: lineWith(cfg, "+49(30"),
    message: /\^\+49\(30/,
  },
  {
    name: "an unknown variable in a text",
    spoil: intoRequestRoute('xlog("L_ERR", "hello $nosuchthing\\n");'),
    level: "boot",
    code: "CREW5105",
    at: lineWith(cfg, "$nosuchthing"),
    message: /nosuchthing/,
  },
  {
    name: "an unknown variable in an assignment, which Kamailio forgives",
    spoil: intoRequestRoute("$var(x) = $nosuchthing;"),
    level: "parse",
    code: "CREW5101",
    at: lineWith(cfg, "$nosuchthing"),
    message: /nosuchthing/,
  },
  {
    name: "an address that the edge does not have",
    spoil: (b) => b.edit(cfg, /listen=udp:198\.51\.100\.7:5060/, "listen=udp:198.51.100.8:5060"),
    level: "boot",
    code: "CREW5105",
    at: lineWith(cfg, "198.51.100.8"),
    pointer: /^\/network/,
    message: /198\.51\.100\.8: Cannot assign requested address/,
  },
  {
    name: "a syntax error in a line that comes from the config",
    spoil: (b) => b.edit(cfg, /listen=udp:10\.0\.4\.1:5080 name/, "listen==udp:10.0.4.1:5080 name"),
    level: "parse",
    code: "CREW5101",
    at: lineWith(cfg, "==udp:10.0.4.1"),
    pointer: /^\/network/,
    message: /syntax error/,
  },
  {
    name: "a socket that is listed twice",
    spoil: (b) =>
      b.edit(cfg, /listen=CREW_HANDOVER/, 'listen=udp:198.51.100.7:5060 name "again"\nlisten=CREW_HANDOVER'),
    level: "parse",
    code: "CREW5104",
    at: lineWith(cfg, 'name "again"'),
    message: /first on line \d+/,
  },
  {
    name: "a module that this engine does not have",
    spoil: (b) => b.edit(cfg, /loadmodule "sl.so"/, 'loadmodule "nosuch.so"\nloadmodule "sl.so"'),
    level: "parse",
    code: "CREW5101",
    at: lineWith(cfg, "nosuch.so"),
    message: /could not find module <nosuch>/,
  },
  {
    name: "a module parameter that does not exist",
    spoil: (b) => b.edit(cfg, /modparam\("tm", "fr_timer"/, 'modparam("tm", "fr_tmer"'),
    level: "parse",
    code: "CREW5101",
    at: lineWith(cfg, "fr_tmer"),
    message: /fr_tmer/,
  },
  {
    name: "a table whose file is missing",
    spoil: (b) => rmSync(join(b.directory, "kamailio/data/acl")),
    level: "boot",
    code: "CREW5105",
    at: lineWith(cfg, "dbtable=acl"),
    message: /acl/,
  },
  {
    name: "a table with a line too many",
    spoil: (b) => b.write("kamailio/data/acl", `${b.read("kamailio/data/acl")}203.0.113.10|0|0|other|0\n`),
    level: "boot",
    code: "CREW5110",
    at: lineWith("kamailio/data/acl", "203.0.113.10|0|0|acme"),
    pointer: /^\/trunks\/0\/sip\/auth/,
    message: /acl\[203\.0\.113\.10\] is "other"/,
  },
  {
    name: "an agent's address that Kamailio cannot read",
    spoil: (b) => b.edit("kamailio/dispatcher.list", "sip:10.0.4.10:5080", "sip:10.0.4.10:508000"),
    level: "boot",
    code: "CREW5110",
    at: lineWith("kamailio/dispatcher.list", "508000"),
    pointer: /^\/trunks\/0\/agents\/agent_sarah/,
    message: /508000/,
  },
  {
    name: "a network that Kamailio takes for a name",
    spoil: (b) => b.edit("kamailio/address.list", " 203.0.113.16 28 ", " 203.0.113.999 28 "),
    level: "boot",
    code: "CREW5110",
    at: lineWith("kamailio/address.list", "203.0.113.999"),
    pointer: /^\/trunks\/0\/sip\/auth/,
    message: /network 203\.0\.113\.999\/28 was not loaded for its trunk/,
  },
  {
    name: "a port that another program of the edge has",
    spoil: (b) => {
      b.edit(cfg, "listen=udp:10.0.4.1:5080 ", "listen=udp:127.0.0.1:2223 ");
      // The destinations name the socket that they are called from.
      const list = "kamailio/dispatcher.list";
      b.write(list, b.read(list).replaceAll("udp:10.0.4.1:5080", "udp:127.0.0.1:2223"));
    },
    level: "boot",
    code: "CREW5111",
    at: lineWith(cfg, "listen=udp:127.0.0.1:2223"),
    pointer: /^\/network\/agents/,
    message: /bound to udp:127\.0\.0\.1:2223/,
  },
  {
    name: "a firewall whose last rule is broken",
    spoil: (b) =>
      b.write(
        nft,
        b.read(nft).replace(/counter drop comment "all others"(?![\s\S]*all others)/, "counter drip"),
      ),
    level: "parse",
    code: "CREW5201",
    at: lineWith(nft, "counter drip"),
    message: /syntax error/,
  },
  {
    name: "a firewall that names a set which is not there",
    spoil: (b) => b.edit(nft, "@trunk4", "@nowhere"),
    level: "parse",
    code: "CREW5201",
    at: lineWith(nft, "@nowhere"),
    message: /No such file or directory/,
  },
  {
    name: "a firewall that cannot be loaded over itself",
    spoil: (b) => b.write(nft, `${b.read(nft)}create table inet other\n`),
    level: "boot",
    code: "CREW5201",
    at: lineWith(nft, "create table"),
    message: /File exists/,
  },
  {
    name: "a firewall with another network than the config's",
    spoil: (b) => b.edit(nft, "203.0.113.16/28", "010.0.0.0/28"),
    level: "boot",
    code: "CREW5202",
    message: /trunk4 does not hold 203\.0\.113\.16\/28/,
  },
  {
    name: "a firewall that leaves a socket unguarded",
    spoil: (b) => b.edit(nft, "ip daddr 10.0.4.1 udp dport 5080", "ip daddr 10.0.4.1 udp dport 5081"),
    level: "boot",
    code: "CREW5202",
    message: /no rule for 10\.0\.4\.1 udp 5080 agents/,
  },
  {
    name: "an rtpengine interface that does not exist",
    spoil: (b) =>
      b.edit(conf, /(interface\s*=\s*)([^\n]*)/, "interface = carrier/198.51.100.99;agents/10.0.4.1"),
    level: "boot",
    code: "CREW5304",
    at: lineWith(conf, "198.51.100.99"),
    message: /offer from carrier to agents/,
  },
  {
    name: "an rtpengine interface that is no address",
    spoil: (b) =>
      b.edit(conf, /(interface\s*=\s*)([^\n]*)/, "interface = carrier/198.51.100.7!;agents/10.0.4.1"),
    level: "boot",
    code: "CREW5302",
    at: lineWith(conf, "198.51.100.7!"),
    message: /Invalid interface specification/,
  },
  {
    name: "an rtpengine option that this version does not have",
    spoil: (b) => b.write(conf, `${b.read(conf)}no-such-option = 4\n`),
    level: "parse",
    code: "CREW5301",
    at: lineWith(conf, "no-such-option"),
    message: /no option "no-such-option"/,
  },
  {
    name: "an rtpengine number that is none",
    spoil: (b) => b.edit(conf, /port-min\s*=\s*\d+/, "port-min = many"),
    level: "parse",
    code: "CREW5301",
    at: lineWith(conf, "many"),
    message: /wants a number, not "many"/,
  },
  {
    name: "an RTP range upside down",
    spoil: (b) => b.edit(conf, /port-min\s*=\s*\d+/, "port-min = 60000"),
    level: "parse",
    code: "CREW5301",
    at: lineWith(conf, "60000"),
    message: /range 60000 to \d+ is empty/,
  },
];

const open: BundleOnDisk[] = [];
afterEach(() => {
  for (const bundle of open.splice(0)) bundle.remove();
});

function artifactPlace(bundle: BundleOnDisk, d: Diagnostic): readonly [string, number] | undefined {
  const span = d.span ?? d.related?.[0]?.span;
  return (
    span && [
      span.file.slice(span.file.indexOf(bundle.directory) + bundle.directory.length + 1),
      span.start.line,
    ]
  );
}

describe.each(engineLines)("a poisoned bundle on line %s", (line) => {
  let runtime: EngineRuntime;
  beforeAll(async () => {
    runtime = await engine(line);
  });

  it.each(poisons)("is refused for $name", async ({ spoil, level, code, at, pointer, message }) => {
    const bundle = bundleOnDisk(line);
    open.push(bundle);
    spoil(bundle);
    const { value, diagnostics } = await verifyBundle({ ...bundle, runtime, level: "boot" });
    const [first, ...others] = diagnostics;
    expect(first?.code, JSON.stringify(diagnostics, null, 1)).toBe(code);
    expect(first?.message).toMatch(message);
    expect(others.filter((d) => d.code !== code)).toEqual([]);
    if (at) expect(artifactPlace(bundle, first as Diagnostic)).toEqual(at(bundle));
    if (pointer) expect(first?.pointer).toMatch(pointer);
    expect(value?.ok).toBe(false);
    expect(value?.steps.some((s) => s.name === "addresses")).toBe(level === "boot");
  });
});
