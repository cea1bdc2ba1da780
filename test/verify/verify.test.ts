/** Verifications as a whole: good bundles on every line, side by side, interrupted, killed, forbidden. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EngineLine, engineLines } from "../../src/engine/lines.ts";
import type { EngineRuntime } from "../../src/host/runtime.ts";
import { openCell } from "../../src/verify/cell.ts";
import { verifyBundle } from "../../src/verify/verify.ts";
import { type BundleOnDisk, bundleOnDisk, config, engine } from "./fixture.ts";

const open: BundleOnDisk[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const bundle of open.splice(0)) bundle.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function bundle(line: EngineLine = "6.1", draft?: unknown): BundleOnDisk {
  const made = bundleOnDisk(line, draft ?? config(line));
  open.push(made);
  return made;
}

/** Processes whose command line names something, by pid. */
function processesNaming(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    });
}

/** Cells live in the folder for temporary files, so one of its own tells the processes of one verification. */
function ownTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "crew-test-tmp-"));
  folders.push(folder);
  return folder;
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

describe("verifyBundle", () => {
  let runtimes: Readonly<Record<EngineLine, EngineRuntime>>;
  beforeAll(async () => {
    runtimes = { "6.1": await engine("6.1"), "6.0": await engine("6.0"), "5.6": await engine("5.6") };
  });

  it.each(engineLines)("boots a good bundle on line %s and asks it", async (line) => {
    const good = bundle(line);
    const { value, diagnostics } = await verifyBundle({ ...good, runtime: runtimes[line], level: "boot" });
    expect(diagnostics).toEqual([]);
    expect(value?.ok).toBe(true);
    expect(value?.steps.map((s) => s.name).sort()).toEqual([
      "addresses",
      "kamailio answers",
      "kamailio own checks",
      "kamailio parse",
      "kamailio start",
      "kamailio tables",
      "nftables load",
      "nftables parse",
      "rtpengine options",
      "rtpengine start",
      "sockets",
    ]);
    const detail = (name: string): string | undefined => value?.steps.find((s) => s.name === name)?.detail;
    expect(detail("kamailio answers")).toBe("200 OK");
    expect(detail("kamailio tables")).toMatch(
      /^[1-9]\d* tables with [1-9]\d* entries, 3 destinations, 2 networks$/,
    );
  });

  it("stops at the parse level where that is asked", async () => {
    const { value } = await verifyBundle({ ...bundle(), runtime: runtimes["6.1"], level: "parse" });
    expect(value?.ok).toBe(true);
    expect(value?.steps.map((s) => s.name)).not.toContain("addresses");
  });

  it("runs side by side with others on the same addresses and ports", async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, () => verifyBundle({ ...bundle(), runtime: runtimes["6.1"], level: "boot" })),
    );
    expect(results.map((r) => [r.value?.ok, r.diagnostics])).toEqual(results.map(() => [true, []]));
  });

  it("says that it was interrupted and leaves nothing", async () => {
    const controller = new AbortController();
    const good = bundle();
    const { value, diagnostics } = await verifyBundle({
      ...good,
      runtime: runtimes["6.1"],
      level: "boot",
      signal: controller.signal,
      onProgress: (step) => {
        if (step.name === "kamailio start") controller.abort();
      },
    });
    expect(value).toBeUndefined();
    expect(diagnostics.map((d) => d.code)).toEqual(["CREW5004"]);
    expect(processesNaming(good.directory)).toEqual([]);
  });

  it("ends in its time whatever the programs do", async () => {
    const good = bundle();
    const stuck = { ...runtimes["6.1"], command: () => ({ file: "sleep", args: ["60"], env: {} }) };
    const started = performance.now();
    const { diagnostics } = await verifyBundle({ ...good, runtime: stuck, level: "boot", timeout: 1000 });
    expect(diagnostics.at(0)?.code).toBe("CREW5003");
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("shows no key in its messages", async () => {
    const spoilt = bundle();
    spoilt.edit(
      "kamailio/kamailio.cfg",
      /\nrequest_route \{\n/,
      '\nrequest_route {\n\txlog("L_ERR", "CREW_ROUTE_KEY $nosuchthing\\n");\n',
    );
    const { diagnostics } = await verifyBundle({ ...spoilt, runtime: runtimes["6.1"], level: "boot" });
    const said = JSON.stringify(diagnostics);
    expect(said).toContain("<secret>");
    expect(said).not.toMatch(/[0-9a-f]{32}/);
  });

  it("leaves no process behind when it is killed", async () => {
    const folder = ownTemporaryFolder();
    const victim = spawn(process.execPath, ["--import", "tsx", child], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve) => {
      createInterface({ input: victim.stdout }).on("line", (line) => {
        if (line.includes('"kamailio start"')) resolve();
      });
    });
    const daemons = processesNaming(folder).filter((pid) => pid !== String(victim.pid));
    expect(daemons.length).toBeGreaterThan(5);
    victim.kill("SIGKILL");
    const deadline = Date.now() + 2000;
    while (processesNaming(folder).length > 0 && Date.now() < deadline) await sleep(20);
    expect(processesNaming(folder)).toEqual([]);
  });

  it("says so where the host forbids namespaces", async () => {
    // a namespace may forbid its own children, which needs no change of the host
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
    const command = [
      "--user",
      "--map-root-user",
      "sh",
      "-c",
      forbid,
      "sh",
      process.execPath,
      "--import",
      "tsx",
      child,
    ];
    const run = spawn("unshare", command, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    run.stdout.on("data", (chunk) => {
      out += chunk;
    });
    await new Promise((resolve) => run.once("close", resolve));
    const { result } = JSON.parse(out.trim().split("\n").at(-1) ?? "{}");
    expect(result.value).toBeUndefined();
    expect(result.diagnostics.map((d: { code: string }) => d.code)).toEqual(["CREW5001"]);
    expect(result.diagnostics[0].message).toMatch(/unshare/);
  });

  it("writes nowhere but into its own folder and reaches no network", async () => {
    const folder = ownTemporaryFolder();
    const elsewhere = ownTemporaryFolder();
    const cell = await openCell({ directory: folder, bundle: elsewhere, life: 10_000 });
    if (typeof cell === "string") throw new Error(cell);
    const env = { PATH: process.env.PATH ?? "" };
    const tries = `touch ${elsewhere}/out; touch ${folder}/in; echo > /proc/sys/net/ipv4/ip_forward; exec 3<>/dev/tcp/192.0.2.1/80`;
    const { lines } = await cell.run({ file: "bash", args: ["-c", tries], env });
    await cell.close();
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readdirSync(folder)).toContain("in");
    expect(lines.map((l) => l.text).join("\n")).toMatch(
      /out.*Read-only file system[\s\S]*ip_forward.*Read-only[\s\S]*192\.0\.2\.1.*(?:unreachable|Network is down)/,
    );
  });
});
