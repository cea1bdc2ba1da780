/** What a build costs: whole cold processes, beside `node -e 0`, for growing numbers of routes from JSON and from TypeScript. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./cpu.ts";

const packageRoot = join(import.meta.dirname, "../..");
const cli = join(packageRoot, "lib/cli.js");

/** Milliseconds of a whole process, the median of `runs`; throws where it fails. */
function timed(args: readonly string[], cwd: string, runs: number): number {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const result = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    times.push(performance.now() - started);
    if (result.status !== 0)
      throw new Error(
        `${args.join(" ")} ended with ${result.status}: ${result.stderr}${result.stdout}`.slice(0, 3000),
      );
  }
  return median(times);
}

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
    print(
      `crew build, quickstart            ${ratio(timed([cli, "build", quickstart, "--out", join(folder, "q")], folder, 9))}   bar 8 ×`,
    );
    for (const [kind, write] of [
      ["json", jsonConfig],
      ["ts", typescriptConfig],
    ] as const) {
      let before: number | undefined;
      for (const routes of [10, 1_000, 10_000, 100_000]) {
        const file = join(folder, `routes-${routes}.${kind}`);
        writeFileSync(file, write(routes));
        const ms = timed(
          [cli, "build", file, "--out", join(folder, `${kind}-${routes}`)],
          folder,
          routes > 10_000 ? 3 : 5,
        );
        const growth = before === undefined ? "" : `, ${(ms / before).toFixed(1)} × the one before`;
        print(
          `crew build, ${kind}, ${String(routes).padStart(7)} routes    ${ms.toFixed(0)} ms${growth}${routes === 100_000 ? "   bar 2000 ms, 11 ×" : ""}`,
        );
        before = ms;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
