/** One lookup in the route table, timed inside a worker over random keys: does it depend on how many numbers there are? */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../../src/bundle/bundle.ts";
import { writeBundle } from "../../src/bundle/write.ts";
import type { EngineRuntime } from "../../src/host/runtime.ts";
import type { Model } from "../../src/model/model.ts";
import { parseConfig } from "../../src/model/parse.ts";
import { kamailioArguments } from "../../src/targets/kamailio/binding.ts";
import { kamailio } from "../../src/targets/kamailio/index.ts";
import { erase } from "../../src/targets/target.ts";
import { request, statusOf, unique } from "../e2e/kit/message.ts";
import { labEngine } from "../lab/edge.ts";
import { type Lab, withLab } from "../lab/netns.ts";
import { lookupPort, lookupScript, type Spread, spreads } from "./lookup-script.ts";

const sizes = [1_000, 100_000, 1_000_000];
const rounds = 7;
const lookups = 150_000;

export async function benchLookup(print: (line: string) => void): Promise<void> {
  await benchSpread("numbers in a row", print);
  await benchSpread("numbers at random", print);
}

/** Tables of all sizes are asked in turn, each in a lab of its own; what counts is the median of the rounds. */
async function benchSpread(spread: Spread, print: (line: string) => void): Promise<void> {
  const lab = { lifeMs: 10 * 60_000 };
  await withLab(lab, (a) =>
    withLab(lab, (b) =>
      withLab(lab, async (c) => {
        const tables: Table[] = [];
        for (const [i, place] of [a, b, c].entries())
          tables.push(await loadTable(place, spread, sizes[i] ?? 0));
        const times: number[][] = tables.map(() => []);
        for (let round = 0; round < rounds; round++)
          for (const [i, table] of tables.entries()) times[i]?.push(await table.time());
        const [small = 0] = times.map(median);
        for (const [i, table] of tables.entries()) {
          const time = median(times[i] ?? []);
          const ratio = i === 0 ? "" : `, ${(time / small).toFixed(2)} × of 1,000`;
          print(
            `lookup, ${spread}, ${String(table.numbers).padStart(7)}: ${time.toFixed(0)} ns${ratio}; ${table.about}${table.numbers === 1_000_000 ? "   bar 1.5 ×" : ""}`,
          );
        }
      }),
    ),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

interface Table {
  readonly numbers: number;
  /** Longest chain, time to load, memory. */
  readonly about: string;
  /** Nanoseconds of processor time of a lookup. */
  time(): Promise<number>;
}

async function loadTable(lab: Lab, spread: Spread, numbers: number): Promise<Table> {
  const folder = join(lab.dir, "lookup");
  mkdirSync(folder, { recursive: true });
  const model = compile(spread, numbers, folder);
  const compiled = readFileSync(join(folder, "out/kamailio/kamailio.cfg"), "utf8");
  const find = findRoute(compiled);
  const tables = [...compiled.matchAll(/"htable", "((\w+)=>[^"]*)"/g)].flatMap(
    ([, settings = "", name = ""]) => (find.includes(`sht(${name}=>`) ? [settings] : []),
  );
  if (tables.length === 0) throw new Error("the compiled script has no route table");
  const script = lookupScript({ folder, tables, find, spread, numbers, lookups });
  writeFileSync(join(folder, "lookup.cfg"), script);
  const runtime = await labEngine();
  const caller = await lab.udp("127.0.0.1", 0);
  const started = performance.now();
  const args = ["-f", join(folder, "lookup.cfg"), "-L", runtime.kamailioModules, "-DD", "-E", "-Y", folder];
  await lab.spawn("lookup", runtime.command("kamailio", [...args, ...memory(folder, model)]));
  const run = async (user: "find" | "empty"): Promise<{ pid: number; missed: number }> => {
    const callId = unique("lookup");
    const text = request({ method: "OPTIONS", uri: `sip:${user}@127.0.0.1`, at: caller, callId });
    await caller.send(text, { address: "127.0.0.1", port: lookupPort });
    const mine = (d: { text: string }) => d.text.includes(callId) && statusOf(d.text) === 200;
    const answer = (await caller.receive(120_000, mine)).text;
    const [, pid = "", missed = ""] = /worker (\d+) missed (\d+)/.exec(answer) ?? [];
    return { pid: Number(pid), missed: Number(missed) };
  };
  await listening(lab, runtime, folder);
  const loaded = (performance.now() - started) / 1000;
  const { pid } = await run("empty");
  const cost = async (user: "find" | "empty") => {
    const before = await processorTime(lab, pid);
    const { missed } = await run(user);
    if (missed > 0) throw new Error(`${missed} of ${lookups} numbers were not found`);
    return (await processorTime(lab, pid)) - before;
  };
  return {
    numbers,
    about: `${await statistics(lab, runtime, folder)}, loaded in ${loaded.toFixed(1)} s`,
    time: async () => (-(await cost("empty")) + (await cost("find"))) / lookups,
  };
}

function compile(spread: Spread, numbers: number, folder: string): Model {
  const inbound_routes = spreads[spread]
    .numbers(numbers)
    .map((to_uri) => ({ match: { to_uri }, agent_id: "a" }));
  const model = parseConfig({
    crew_id: "acme",
    agents: { a: { uri: "sip:127.0.0.3:5080" } },
    sip: { auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] }, inbound_routes },
  }).value;
  const bundle = model && buildBundle(model, [erase(kamailio)], "0.0.0").value;
  if (bundle === undefined) throw new Error("the config of the lookup does not compile");
  writeBundle(bundle, join(folder, "out"));
  return model as Model;
}

/** Allocators and memory as a deployment has them. */
function memory(folder: string, model: Model): readonly string[] {
  const key = "0".repeat(32);
  const args = kamailioArguments(
    {
      generation: 1,
      directory: folder,
      privateDirectory: folder,
      handoverPort: 7001,
      keys: { topology: key, route: key, nonce: key },
      rtpengine: "udp:127.0.0.1:2223",
      digests: [],
    },
    model,
  );
  return args.slice(args.indexOf("-x"));
}

/** The script's own way from the called number to the chain of destinations, as compiled. */
function findRoute(compiled: string): string {
  const start = compiled.indexOf("route[FIND] {");
  const end = compiled.indexOf("\n# ----", start);
  if (start < 0 || end < 0) throw new Error("the compiled script has no route[FIND]");
  return `${compiled.slice(start, end)}\n`;
}

async function rpc(lab: Lab, runtime: EngineRuntime, folder: string, method: string): Promise<string> {
  return (await lab.exec(runtime.command("kamcmd", ["-s", `unix:${folder}/ctl.sock`, method]))).output;
}

async function listening(lab: Lab, runtime: EngineRuntime, folder: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (/^\d+\.\d+|up_since|uptime/m.test(await rpc(lab, runtime, folder, "core.uptime"))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the lookup's Kamailio did not start");
}

/** Nanoseconds that a process has run (proc_pid_schedstat(5)); other programs on the machine do not lengthen it. */
async function processorTime(lab: Lab, pid: number): Promise<number> {
  return Number((await lab.exec(["cat", `/proc/${pid}/schedstat`])).output.split(" ")[0]);
}

async function statistics(lab: Lab, runtime: EngineRuntime, folder: string): Promise<string> {
  const tables = await rpc(lab, runtime, folder, "htable.stats");
  const shared = await rpc(lab, runtime, folder, "core.shmmem");
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`${name}: *(\\d+)`).exec(shared)?.[1]) / 1_048_576);
  const all = (name: string) =>
    [...tables.matchAll(new RegExp(`${name}: *(\\d+)`, "g"))].map(([, value]) => Number(value));
  const rows = all("all").reduce((sum, n) => sum + n, 0);
  const chain = Math.max(...all("max"));
  return `${rows} rows, longest chain ${chain}, ${megabytes("max_used")} of ${megabytes("total")} MB of shared memory at most`;
}
