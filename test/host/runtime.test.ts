import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compareVersions } from "../../src/engine/dpkg-version.ts";
import { engineLine, enginePackages } from "../../src/engine/lines.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import type { PrivateRoot } from "../../src/host/root-spec.ts";
import { run } from "../../src/host/run.ts";
import {
  type EngineRuntime,
  engineRootSpec,
  findEngine,
  hostRevisions,
  rootEngine,
  rootPrograms,
} from "../../src/host/runtime.ts";

const minutes = 60_000;

describe("the engine of line 6.1", () => {
  let root: PrivateRoot;
  let engine: EngineRuntime;
  beforeAll(async () => {
    const made = await ensureRoot(engineRootSpec("6.1"), rootOptions(process.env));
    expect(made.diagnostics).toEqual([]);
    root = made.value!;
    engine = await rootEngine("6.1", root);
  }, 10 * minutes);

  test.each([
    ["kamailio", "-v", /^version: kamailio 6\.1\.\d/],
    ["rtpengine", "--version", /^Version: 26\.0\./],
    ["nft", "--version", /^nftables v1\.1\./],
    ["ip", "-V", /^ip utility, iproute2/],
    ["setpriv", "--version", /^setpriv from util-linux/],
  ])("runs %s", async (program, argument, version) => {
    const result = await run(engine.command(program, [argument]));
    expect(result.stderr + result.stdout).toMatch(version);
    expect(result.ok).toBe(true);
  });

  test("has revisions at least as new as the capability table speaks of", () => {
    const { reference } = engineLine("6.1");
    for (const p of enginePackages)
      expect(compareVersions(engine.versions[p], reference[p])).toBeGreaterThanOrEqual(0);
  });

  test("loads the modules that an edge is made of", async () => {
    const directory = await mkdtemp(join(tmpdir(), "crew-engine-"));
    const modules = (
      "tls jsonrpcs kex corex tm tmx sl rr pv pv_headers maxfwd textops textopsx siputils sanity ctl cfg_rpc htable mtree " +
      "permissions dispatcher uac auth pipelimit pike xlog xhttp xhttp_prom rtpengine ipops cfgutils crypto dialog " +
      "usrloc registrar path nathelper topoh statistics sdpops counters db_text avpops jansson http_client"
    ).split(" ");
    const config = join(directory, "kamailio.cfg");
    await writeFile(
      config,
      `${modules.map((m) => `loadmodule "${m}.so"\n`).join("")}request_route { exit; }\n`,
    );
    const result = await run(
      engine.command("kamailio", ["-c", "-E", "-L", engine.kamailioModules, "-Y", directory, "-f", config]),
    );
    await rm(directory, { recursive: true });
    expect(result.stderr.split("\n").filter((l) => /ERROR|CRITICAL/.test(l))).toEqual([]);
    expect(result.ok).toBe(true);
  });

  test("runs a supervisor whose parts find each other by name", async () => {
    const directory = await mkdtemp(join(tmpdir(), "crew-services-"));
    await mkdir(join(directory, "one"));
    await writeFile(join(directory, "one/run"), "#!/bin/sh\necho started\nexec sleep 60\n", { mode: 0o755 });
    const { file, args, env } = engine.command("runsvdir", [directory]);
    // on SIGHUP runsvdir takes its services down with it
    const result = await run({ file: "timeout", args: ["-s", "HUP", "1", file, ...args], env });
    await rm(directory, { recursive: true });
    expect(result.stdout).toBe("started\n");
    expect(result.code).toBe(124);
  });

  test("is found where it is installed", async () => {
    const found = await findEngine("6.1", process.env);
    expect(found.diagnostics).toEqual([]);
    expect(found.value).toMatchObject({ line: "6.1", versions: engine.versions });
  });

  test("is started by wrappers too, for programs that start others by name", async () => {
    const result = await run({ file: "sh", args: ["-c", "kamailio -v"], env: engine.command("nft").env });
    expect(result.stdout).toMatch(/^version: kamailio 6\.1/);
  });

  test("does not hold a program that it was not made with", () => {
    expect(engine.has("asterisk")).toBe(false);
    expect(() => engine.command("asterisk")).toThrow("asterisk");
  });
});

test("an engine that is not installed is named with the command that installs it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "crew-none-"));
  const found = await findEngine("6.0", { CREW_ENGINE_DIR: directory });
  expect(await hostRevisions()).not.toMatchObject({ kamailio: expect.stringMatching(/^6\.0/) });
  expect(found.value).toBeUndefined();
  expect(found.diagnostics.map((d) => d.code)).toEqual(["CREW6920"]);
  expect(found.diagnostics[0]?.help).toContain("npx crew engine install --engine 6.0");
  await rm(directory, { recursive: true });
});

test(
  "a root of the Debian archive runs with its own C library",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "crew-s6-"));
    const spec = { name: "s6", suite: "forky", packages: ["s6", "coreutils"] };
    const made = await ensureRoot(spec, { ...rootOptions(process.env), directory });
    expect(made.diagnostics).toEqual([]);
    const own = await rootPrograms(made.value!);
    expect((await run(own.command("s6-softlimit", ["echo", "it runs"]))).stdout).toBe("it runs\n");
    const maps = await run(own.command("cat", ["/proc/self/maps"]));
    const libraries = [...new Set(maps.stdout.match(/\/\S+\.so\S*/g))];
    expect(libraries.length).toBeGreaterThan(1);
    expect(libraries.filter((l) => !l.startsWith(made.value!.root))).toEqual([]);
    await rm(directory, { recursive: true });
  },
  5 * minutes,
);
