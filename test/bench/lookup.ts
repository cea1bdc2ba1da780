/** One lookup in the route table, timed inside a worker over random keys: does it depend on how many numbers there are? */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../../src/bundle/bundle.ts";
import { writeBundle } from "../../src/bundle/write.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { kamailio } from "../../src/targets/kamailio/index.ts";
import { erase } from "../../src/targets/target.ts";
import { labEngine } from "../lab/edge.ts";
import { type Lab, withLab } from "../lab/netns.ts";

const lookups = 1_000_000;

export async function benchLookup(print: (line: string) => void): Promise<void> {
  await withLab({ lifeMs: 10 * 60_000 }, async (lab) => {
    let small: number | undefined;
    for (const numbers of [1_000, 100_000, 1_000_000]) {
      const { nanoseconds, stats } = await timeLookups(lab, numbers);
      const ratio = small === undefined ? "" : `, ${(nanoseconds / small).toFixed(2)} × of 1,000`;
      print(
        `lookup among ${String(numbers).padStart(7)}: ${nanoseconds.toFixed(0)} ns${ratio}, longest chain ${stats}${numbers === 1_000_000 ? "   bar 1.5 ×" : ""}`,
      );
      small ??= nanoseconds;
    }
  });
}

async function timeLookups(lab: Lab, numbers: number): Promise<{ nanoseconds: number; stats: string }> {
  const folder = join(lab.dir, `lookup-${numbers}`);
  const first = 4_151_000_000;
  const inbound_routes = Array.from({ length: numbers }, (_, i) => ({
    match: { to_uri: `+1${first + i}` },
    agent_id: "a",
  }));
  const draft = {
    crew_id: "acme",
    agents: { a: { uri: "sip:127.0.0.3:5080" } },
    sip: { auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] }, inbound_routes },
  };
  const model = parseConfig(draft).value;
  const bundle = model && buildBundle(model, [erase(kamailio)], "0.0.0").value;
  if (bundle === undefined) throw new Error("the config of the lookup does not compile");
  mkdirSync(folder, { recursive: true });
  writeBundle(bundle, join(folder, "out"));
  const compiled = readFileSync(join(folder, "out/kamailio/kamailio.cfg"), "utf8");
  const table = /"htable", "(route=>[^"]*)"/.exec(compiled)?.[1];
  if (table === undefined) throw new Error("the compiled script has no route table");
  writeFileSync(join(folder, "lookup.cfg"), script(folder, table, numbers, first, findRoute(compiled)));
  const runtime = await labEngine();
  const args = [
    "-f",
    join(folder, "lookup.cfg"),
    "-L",
    runtime.kamailioModules,
    "-DD",
    "-E",
    "-x",
    "tlsf",
    "-X",
    "tlsf",
    "-m",
    "2048",
    "-M",
    "3000",
  ];
  const running = await lab.spawn("lookup", runtime.command("kamailio", args));
  try {
    const line = await running.waitFor(/lookup done/, 120_000);
    const [, empty = "0", full = "0", found = "0"] = /empty=(\d+) full=(\d+) found=(\d+)/.exec(line) ?? [];
    if (Number(found) !== lookups) throw new Error(`only ${found} of ${lookups} keys were found`);
    const stats = await lab.exec(
      runtime.command("kamcmd", ["-s", `unix:${folder}/ctl.sock`, "htable.stats"]),
    );
    return {
      nanoseconds: ((Number(full) - Number(empty)) * 1000) / lookups,
      stats: /max: *(\d+)/.exec(stats.output)?.[1] ?? "unknown",
    };
  } finally {
    await running.stop();
  }
}

/** The script's own way from the called number to the chain of destinations, as compiled. */
function findRoute(compiled: string): string {
  const start = compiled.indexOf("route[FIND] {");
  const end = compiled.indexOf("\n# ----", start);
  if (start < 0 || end < 0) throw new Error("the compiled script has no route[FIND]");
  return compiled.slice(start, end);
}

/** The loop runs once without and once with the lookup; the difference is the lookup. */
function script(folder: string, table: string, numbers: number, first: number, find: string): string {
  const timed = (body: string) => `$var(i) = 0;
  while ($var(i) < ${lookups}) {
    $var(n) = ${first % 10_000_000} + ($RANDOM mod ${numbers});
    $rU = "+1415" + $var(n);
    ${body}
    $var(i) = $var(i) + 1;
  }`;
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
max_while_loops=${lookups + 1}
listen=udp:127.0.0.1:5099
loadmodule "db_text.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "cfgutils.so"
loadmodule "textops.so"
loadmodule "ctl.so"
loadmodule "htable.so"
modparam("ctl", "binrpc", "unixs:${folder}/ctl.sock")
modparam("db_text", "db_delim", "|")
modparam("db_text", "max_result_rows", 2000000)
modparam("htable", "fetch_rows", 2000000)
modparam("htable", "db_url", "text://${folder}/out/kamailio/data")
modparam("htable", "htable", "${table}")
request_route { exit; }
route[REFUSE] {
  $var(missed) = $var(missed) + 1;
}
${find}
event_route[core:worker-one-init] {
  $vn(trunk) = "acme";
  $var(missed) = 0;
  $var(s0) = $TV(sn); $var(u0) = $TV(un);
  ${timed("$var(x) = $rU;")}
  $var(s1) = $TV(sn); $var(u1) = $TV(un);
  ${timed("route(FIND);")}
  $var(s2) = $TV(sn); $var(u2) = $TV(un);
  $var(empty) = ($var(s1) - $var(s0)) * 1000000 + $var(u1) - $var(u0);
  $var(full) = ($var(s2) - $var(s1)) * 1000000 + $var(u2) - $var(u1);
  $var(found) = ${lookups} - $var(missed);
  xlog("L_ALERT", "lookup done empty=$var(empty) full=$var(full) found=$var(found)\n");
}
`;
}
