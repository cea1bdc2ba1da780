import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { compareVersions } from "../../src/engine/dpkg-version.ts";
import { engineLine, enginePackages } from "../../src/engine/lines.ts";
import { engineRootSpec } from "../../src/host/engine-source.ts";
import { hostRevisions } from "../../src/host/host-engine.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import { enginesDirectory, type PrivateRoot } from "../../src/host/root-spec.ts";
import { run } from "../../src/host/run.ts";
import { type EngineRuntime, findEngine, rootEngine, rootPrograms } from "../../src/host/runtime.ts";

vi.setConfig({ testTimeout: 60_000 });

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

  test("supervises a process and starts it again when it dies", async () => {
    const directory = await mkdtemp(join(tmpdir(), "crew-service-"));
    await writeFile(join(directory, "run"), "#!/bin/sh\necho started\nexec sleep 60\n", { mode: 0o755 });
    let starts = 0;
    const stopped = run(engine.command("s6-supervise", [directory]), {
      timeout: 20_000,
      onStdoutLine: () => {
        starts += 1;
        // the first time kill the service as an accident would, the second time end it all
        void run(engine.command("s6-svc", [starts === 1 ? "-k" : "-xd", directory]));
      },
    });
    expect((await stopped).ok).toBe(true);
    await rm(directory, { recursive: true });
    expect(starts).toBe(2);
  }, 25_000);

  test("is found where it is installed", async () => {
    const found = await findEngine("6.1", process.env);
    expect(found.diagnostics).toEqual([]);
    expect(found.value).toMatchObject({ line: "6.1", versions: engine.versions });
  });

  test("is started by wrappers too, for programs that start others by name", async () => {
    const result = await run({ file: "sh", args: ["-c", "kamailio -v"], env: engine.command("nft").env });
    expect(result.stdout).toMatch(/^version: kamailio 6\.1/);
  });

  test("runs scripts of its packages too", async () => {
    const script = engine.command("kamctl", ["version"]);
    expect(script.file).toBe(join(root.root, "usr/sbin/kamctl"));
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

describe("the host's packages", () => {
  let host: string;
  beforeEach(async () => {
    host = await mkdtemp(join(tmpdir(), "crew-host-"));
    await mkdir(join(host, "usr/lib/x86_64-linux-gnu/kamailio/modules"), { recursive: true });
    await mkdir(join(host, "usr/sbin"), { recursive: true });
    await writeFile(join(host, "usr/sbin/kamailio"), "");
  });
  afterEach(() => rm(host, { recursive: true }));

  /** Looks for line 6.0 on a host with these packages, and no private root. */
  async function find(installed: Record<string, string>) {
    const entries = Object.entries(installed).map(
      ([p, v]) =>
        `Package: ${p}\nStatus: install ok installed\nMaintainer: x\nArchitecture: all\nVersion: ${v}\nDescription: x\n`,
    );
    await mkdir(join(host, "dpkg/updates"), { recursive: true });
    await writeFile(join(host, "dpkg/status"), entries.join("\n"));
    return findEngine("6.0", {}, { directory: host, prefix: host, dpkg: join(host, "dpkg") });
  }
  const { reference } = engineLine("6.0");
  const modules: Record<string, string> = {
    ...Object.fromEntries(
      ["extra", "utils", "tls"].map((m) => [`kamailio-${m}-modules`, reference.kamailio]),
    ),
    s6: "2.13.1.0-1",
  };

  test("are used where they are of the line and safe", async () => {
    const found = await find({ ...reference, ...modules });
    expect(found.diagnostics).toEqual([]);
    expect(found.value).toMatchObject({ from: "host", versions: reference });
    expect(found.value?.command("kamailio", ["-v"])).toMatchObject({
      file: join(host, "usr/sbin/kamailio"),
      args: ["-v"],
    });
  });

  test("are passed over where they have a hole that an update closes", async () => {
    const found = await find({ ...reference, ...modules, kamailio: "6.0.1-1+deb13u1" });
    expect(found.value).toBeUndefined();
    expect(found.diagnostics.map((d) => d.code)).toEqual(["CREW6921", "CREW6920"]);
    expect(found.diagnostics[0]?.message).toContain("CVE-2026-39863");
  });

  test("are passed over where the supervisor is missing", async () => {
    const { s6: _, ...rest } = modules;
    const found = await find({ ...reference, ...rest });
    expect(found.diagnostics[0]?.message).toContain("missing s6");
  });

  test("are passed over where modules are missing", async () => {
    const found = await find(reference);
    expect(found.diagnostics[0]?.message).toContain("missing kamailio-extra-modules");
  });

  test("of another line are no matter", async () => {
    const found = await find({ ...engineLine("5.6").reference, ...modules });
    expect(found.diagnostics.map((d) => d.code)).toEqual(["CREW6920"]);
  });
});

test("roots are kept where the environment says, and where service users can read them for root", () => {
  expect(enginesDirectory({ CREW_ENGINE_DIR: "/e", XDG_CACHE_HOME: "/x", HOME: "/h" }, 0)).toBe("/e");
  expect(enginesDirectory({ XDG_CACHE_HOME: "/x", HOME: "/h" }, 1000)).toBe("/x/crew/engines");
  expect(enginesDirectory({ HOME: "/h" }, 1000)).toBe("/h/.cache/crew/engines");
  expect(enginesDirectory({ HOME: "/root" }, 0)).toBe("/var/lib/crew-engines");
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
