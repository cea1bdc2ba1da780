/** What a build costs: whole cold processes, beside `node -e 0`, for growing numbers of routes from JSON and from TypeScript. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./cpu.ts";

const packageRoot = join(import.meta.dirname, "../..");
const cli = join(packageRoot, "lib/cli.js");

/** Milliseconds of a whole process, the median of `runs`. */
function timed(args: readonly string[], cwd: string, runs: number): number {
  return median(Array.from({ length: runs }, () => run(args, cwd).ms));
}

/** Arguments that build into a folder which is not there yet, so that no run finds what an earlier one made. */
function build(config: string, out: string): string[] {
  rmSync(out, { recursive: true, force: true });
  return [cli, "build", config, "--out", out];
}

/** One whole process; throws where it fails. */
function run(args: readonly string[], cwd: string): { readonly ms: number; readonly stderr: string } {
  const started = performance.now();
  const result = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  const ms = performance.now() - started;
  if (result.status !== 0)
    throw new Error(
      `${args.join(" ")} ended with ${result.status}: ${result.stderr}${result.stdout}`.slice(0, 3000),
    );
  return { ms, stderr: result.stderr };
}

/** Has a process say at its end what it used. */
const sayUsage = `--import=data:text/javascript,${encodeURIComponent(
  `process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    process.stderr.write("usage " + JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1000, peak: maxRSS / 1e6 }));
  });`,
)}`;

interface Usage {
  readonly ms: number;
  /** Milliseconds of all its threads, which other work on the machine disturbs less. */
  readonly cpu: number;
  /** Most memory that it held, in GB. */
  readonly peak: number;
}

/** The median of each figure of `runs` builds. */
function measured(config: string, out: string, cwd: string, runs: number): Usage {
  const all = Array.from({ length: runs }, (): Usage => {
    const { ms, stderr } = run([sayUsage, ...build(config, out)], cwd);
    const usage = /^usage (.*)$/m.exec(stderr)?.[1];
    if (usage === undefined) throw new Error(`the build of ${config} did not say what it used`);
    return { ms, ...(JSON.parse(usage) as Omit<Usage, "ms">) };
  });
  const of = (name: keyof Usage) => median(all.map((usage) => usage[name]));
  return { ms: of("ms"), cpu: of("cpu"), peak: of("peak") };
}

const sizes = [
  { routes: 10, runs: 5, bar: "" },
  { routes: 1_000, runs: 5, bar: "" },
  { routes: 10_000, runs: 5, bar: "" },
  { routes: 100_000, runs: 3, bar: "   bar 2000 ms, 11 ×" },
  { routes: 1_000_000, runs: 3, bar: "   bar 15000 ms, 1.5 GB, 11 ×" },
] as const;

const trunk = {
  crew_id: "acme",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" }, agent_marcus: { uri: "sip:10.0.4.11:5080" } },
};
const auth = { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] };

function jsonConfig(routes: number): string {
  const inbound_routes = Array.from({ length: routes }, (_, i) => ({
    match: { to_uri: `+1415${1_000_000 + i}` },
    agent_id: i % 2 === 0 ? "agent_sarah" : "agent_marcus",
  }));
  return JSON.stringify({ ...trunk, sip: { auth, inbound_routes } });
}

function typescriptConfig(routes: number): string {
  return `import { defineTrunk } from "crew";

export default defineTrunk({
  crew_id: "acme",
  agents: ${JSON.stringify(trunk.agents)},
  sip: {
    auth: ${JSON.stringify(auth)},
    inbound_routes: Array.from({ length: ${routes} }, (_, i) => ({
      match: { to_uri: \`+1415\${${1_000_000} + i}\` },
      agent_id: i % 2 === 0 ? ("agent_sarah" as const) : ("agent_marcus" as const),
    })),
  },
});
`;
}

/** Prints one line a measurement; the caller judges. */
export function benchBuilds(print: (line: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "crew-bench-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(packageRoot, join(folder, "node_modules/crew"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    const empty = timed(["-e", "0"], folder, 9);
    print(`node -e 0                         ${empty.toFixed(0)} ms`);
    const ratio = (ms: number) => `${ms.toFixed(0)} ms = ${(ms / empty).toFixed(2)} × node -e 0`;
    print(`crew --help                       ${ratio(timed([cli, "--help"], folder, 9))}   bar 2.5 ×`);
    const quickstart = join(packageRoot, "examples/quickstart/crew.config.ts");
    const first = median(
      Array.from({ length: 9 }, () => run(build(quickstart, join(folder, "out")), folder).ms),
    );
    print(`crew build, quickstart            ${ratio(first)}   bar 8 ×`);
    for (const [kind, write] of [
      ["json", jsonConfig],
      ["ts", typescriptConfig],
    ] as const) {
      let before: number | undefined;
      for (const { routes, runs, bar } of sizes) {
        const file = join(folder, `routes-${routes}.${kind}`);
        writeFileSync(file, write(routes));
        const { ms, cpu, peak } = measured(file, join(folder, "out"), folder, runs);
        const growth = before === undefined ? "" : `, ${(ms / before).toFixed(1)} × the one before`;
        print(
          `crew build, ${kind.padEnd(4)}, ${String(routes).padStart(7)} routes   ${ms.toFixed(0)} ms${growth}, ${cpu.toFixed(0)} ms CPU, ${peak.toFixed(2)} GB${bar}`,
        );
        before = ms;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
