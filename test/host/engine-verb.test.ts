import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Io } from "../../src/cli/verb.ts";
import { verb } from "../../src/cli/verbs/engine.ts";
import { capabilityNames } from "../../src/engine/capability-names.ts";
import { engineLines } from "../../src/engine/lines.ts";
import { engineRootSpec } from "../../src/host/engine-source.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
/** The environment of this machine, whose engine folder has line 6.1. */
const own = { ...process.env, CREW_ENGINE_DIR: process.env.CREW_ENGINE_DIR };
beforeAll(async () => {
  expect((await ensureRoot(engineRootSpec("6.1"), rootOptions(process.env))).diagnostics).toEqual([]);
}, 600_000);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "crew-verb-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function engine(
  args: readonly string[],
  options: object = {},
  env: Io["env"] = {},
  signal?: AbortSignal,
) {
  const stderr = new PassThrough();
  const io: Io = {
    cwd: directory,
    env: { CREW_ENGINE_DIR: directory, ...env },
    stdout: new PassThrough(),
    stderr,
    stdin: new PassThrough(),
    signal: signal ?? new AbortController().signal,
  };
  const result = await verb.run(args, { output: "text", color: false, verbose: false, ...options }, io);
  return { ...result, progress: String(stderr.read() ?? "") };
}

describe("crew engine", () => {
  test("status names what is not installed, and how to install it", async () => {
    const result = await engine(["status"]);
    expect(result).toMatchObject({ exitCode: 0, diagnostics: [] });
    expect(result.data).toMatchObject({
      default: "6.1",
      engines: engineLines.map((line) => ({ line, installed: false, from: null })),
    });
    for (const line of engineLines) expect(result.text).toContain(`crew engine install --engine ${line}`);
  });

  test("status of one line says what is unsafe about it and why", async () => {
    const result = await engine(["status"], { engine: "6.0" });
    expect(result.text).toMatch(/unsafe {2}media with peers behind NAT.*CVE-2025-53399/);
  });

  test("status is of what is installed", async () => {
    const result = await engine(["status"], { engine: "6.1" }, own);
    expect(result.data).toMatchObject({
      engines: [{ line: "6.1", installed: true, versions: { kamailio: expect.stringMatching(/^6\.1\./) } }],
    });
  });

  test("install of what is there says so and touches nothing", async () => {
    const result = await engine(["install"], {}, own);
    expect(result).toMatchObject({
      exitCode: 0,
      diagnostics: [],
      progress: "",
      data: { line: "6.1", changed: false },
    });
    expect(result.text).toMatch(/^Engine 6\.1: Kamailio 6\.1\.\S+, rtpengine 26\./);
  });

  test("install that fails says why; one that is interrupted ends with 130", async () => {
    const broken = await engine(["install"], {}, { CREW_DEBIAN_MIRROR: "http://127.0.0.1:9/debian" });
    expect(broken.exitCode).toBe(1);
    expect(broken.diagnostics.map((d) => d.code)).toEqual(["CREW6906"]);
    expect(broken.progress).toBe("fetching the package indexes\n");
    const stopped = await engine(["install"], {}, {}, AbortSignal.timeout(300));
    expect(stopped.exitCode).toBe(130);
    expect(stopped.diagnostics.map((d) => d.code)).toEqual(["CREW6911"]);
  }, 60_000);

  test("table prints each capability, as text and as data", async () => {
    const result = await engine(["table"]);
    for (const name of capabilityNames) expect(result.text).toContain(`| \`${name}\` |`);
    const data = result.data as { lines: { capabilities: object }[] };
    for (const line of data.lines) expect(Object.keys(line.capabilities)).toEqual(capabilityNames);
  });

  test.each([
    [["instal"], {}, "install"],
    [["status"], { engine: "6.2" }, "6.1"],
    [[], {}, "install, status, table"],
  ])("refuses %j %j with what is known", async (args, options, help) => {
    const result = await engine(args, options);
    expect(result.exitCode).toBe(2);
    expect(result.diagnostics[0]?.help).toContain(help);
  });
});
