import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineRootSpec } from "../../src/host/engine-source.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import { crew } from "../cli/crew.ts";
import { openRepository, type TestRepository } from "../host/apt-repository.ts";
import { type DeployLab, groups, openDeployLab } from "./edge.ts";

let debian: TestRepository;
let project: TestRepository;
let edge: DeployLab;
let engines: string;

beforeAll(async () => {
  const spec = engineRootSpec("6.1");
  const made = await ensureRoot(spec, rootOptions(process.env));
  expect(made.diagnostics).toEqual([]);
  const { root, manifest } = made.value!;
  // one package has all the files: what is to be shown is that real programs run from a root of a named repository
  project = await openRepository(
    spec.packages.map((name) => {
      const { version = "0" } = manifest.packages.find((p) => p.package === name) ?? {};
      return { name, version, files: {}, ...(name === "kamailio" ? { tree: root } : {}) };
    }),
  );
  debian = await openRepository([], ["forky", "forky-updates", "forky-security"]);
  engines = await mkdtemp(join(tmpdir(), "crew-engines-"));
  edge = await openDeployLab();
}, 600_000);
afterAll(async () => {
  await edge?.close();
  await project?.close();
  await debian?.close();
  await rm(engines, { recursive: true, force: true });
});

test("an edge runs on the engine of a named repository: deployed, proven, and it carries a call", async () => {
  const env = {
    CREW_ENGINE_DIR: engines,
    CREW_DEBIAN_MIRROR: debian.uri,
    CREW_DEBIAN_SECURITY_MIRROR: debian.uri,
    CREW_DEBIAN_KEYRING: debian.key,
  };
  edge.configure(["+14155551111"]);
  expect((await edge.deploy(env)).codes).toContain("CREW6920");
  const words = ["--repository", `deb file:${project.files} test main`, "--key", project.armouredKey];
  const installed = await crew(tmpdir(), ["engine", "install", ...words, "--output", "json"], env);
  expect(installed.json()).toMatchObject({ exit_code: 0, diagnostics: [] });
  const { output, code } = await edge.deploy(env);
  expect(code, output).toBe(0);
  expect((await edge.call("+14155551111")).codes).toEqual({ 200: 1 });
  const running = await groups(edge.lab, /--argv0 (kamailio|rtpengine|s6-supervise) /);
  const own = await groups(edge.lab, new RegExp(`--argv0 (kamailio|rtpengine|s6-supervise) .*${engines}`));
  expect(own.size).toBeGreaterThanOrEqual(5);
  expect(own).toEqual(running);
}, 300_000);
