import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { enginesDirectory } from "../../src/host/root-spec.ts";
import { type RunResult, run } from "../../src/host/run.ts";
import { phonePrograms } from "../../src/quickstart/phones.ts";
import { labEngine } from "../lab/edge.ts";

const minutes = 60_000;
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const isRoot = process.getuid?.() === 0;
const user = isRoot ? 12_345 : process.getuid?.();
let directory: string;
let clone: string;
let node: string;

beforeAll(async () => {
  await labEngine("6.1");
  await phonePrograms(() => {});
  directory = await mkdtemp(join(tmpdir(), "crew-user-"));
  clone = join(directory, "clone");
  await mkdir(clone);
  for (const name of ["home", "tmp"]) await mkdir(join(directory, name));
  const files = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
  for (const name of [...files, "src", "templates", "schemas", "examples"])
    await cp(join(packageRoot(), name), join(clone, name), { recursive: true });
  node = join(directory, "node");
  const copy = (from: string, to: string) => run({ file: "cp", args: ["-a", from, to], env: { PATH: path } });
  await copy(join(packageRoot(), "node_modules"), clone);
  await copy(process.execPath, node);
  if (isRoot) await run({ file: "chown", args: ["-R", `${user}:${user}`, directory], env: { PATH: path } });
}, 10 * minutes);
afterAll(() => rm(directory, { recursive: true, force: true }));

/**
 * Runs Node with arguments in the clone as an ordinary user without any capability, in namespaces where all ports are
 * free and nothing outlives the test. `prepare` is a shell command that the owner of these namespaces runs before.
 */
function asUser(args: readonly string[], prepare = ":"): Promise<RunResult> {
  const other = isRoot ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--"] : [];
  const outer = [
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--pid",
    "--mount-proc",
    "--fork",
    "--kill-child",
  ];
  const inner = `ip link set lo up; ${prepare}; exec unshare --user --map-user=${user} --map-group=${user} -- "$@"`;
  const [file = "", ...words] = [...other, ...outer, "sh", "-c", inner, "sh", node, ...args];
  const env = {
    PATH: path,
    HOME: join(directory, "home"),
    TMPDIR: join(directory, "tmp"),
    CREW_ENGINE_DIR: enginesDirectory(process.env),
  };
  return run({ file, args: words, env }, { cwd: clone, timeout: 4 * minutes });
}

/** What `npm run quickstart` starts. */
const quickstart = ["src/dev/bootstrap.mjs", "src/quickstart/main.ts"];
const leftBehind = async () => (await readdir(join(directory, "tmp"))).filter((f) => f.startsWith("crew-"));

test(
  "an ordinary user runs the quickstart, and is told in one place that the firewall is not loaded",
  async () => {
    const who = await asUser([
      "-p",
      "process.getuid() + fs.readFileSync('/proc/self/status', 'utf8').match(/CapEff.*/)[0]",
    ]);
    expect(who.stdout).toMatch(new RegExp(`^${user}CapEff:\\s0+$`, "m"));
    const ran = await asUser(quickstart);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/answer +200 after/);
    expect(ran.stdout).toMatch(/audio +both ways/);
    expect(ran.stdout).toContain("BYE from the phone reached the agent");
    expect(ran.stderr.match(/^warning.*$/gm)).toEqual([
      "warning[CREW6017]: The firewall was not loaded: this process lacks CAP_NET_ADMIN.",
    ]);
    expect(await leftBehind()).toEqual([]);
  },
  5 * minutes,
);

test(
  "a host that forbids user namespaces is named as the reason, and nothing is started",
  async () => {
    const ran = await asUser(quickstart, "echo 1 > /proc/sys/user/max_user_namespaces");
    expect(ran.code).toBe(1);
    expect(ran.stderr.match(/^error.*$/gm)).toEqual([
      expect.stringContaining(
        "CREW5001]: This host does not let crew make the namespaces that verify runs in",
      ),
    ]);
    expect(ran.stderr).toContain("sysctl kernel.unprivileged_userns_clone=1");
    expect(ran.stderr).not.toContain("start rtpengine");
    expect(await leftBehind()).toEqual([]);
  },
  5 * minutes,
);

test(
  "a port that an ordinary user may not bind to is refused at its property",
  async () => {
    const trunk = {
      agents: { sarah: { uri: "sip:127.0.0.3:5080" } },
      sip: {
        auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
        inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
        codecs: [{ name: "PCMU", priority: 1 }],
      },
    };
    const network = {
      public_ip: "127.0.0.1",
      carrier: { udp: 560 },
      agents: { address: "127.0.0.1", udp: 5080 },
    };
    await writeFile(join(clone, "low.json"), JSON.stringify({ name: "low", trunks: [trunk], network }));
    const ran = await asUser([
      "src/dev/bootstrap.mjs",
      "src/cli/main.ts",
      "deploy",
      "low.json",
      "--yes",
      "--state",
      join(directory, "tmp/state"),
    ]);
    expect(ran.stderr).toContain("error[CREW6028]: UDP port 560 of 127.0.0.1 is privileged on this host");
    expect(ran.stderr).toMatch(/low\.json:1:\d+/);
    expect(ran.stderr).not.toContain("stage generation");
  },
  5 * minutes,
);
