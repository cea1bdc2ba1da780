/** `crew verify` from the command line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rootOptions } from "../../src/host/private-root.ts";
import { crew } from "../cli/crew.ts";
import { exampleFolder, examples } from "../conformance/examples.ts";
import { config, engine } from "./fixture.ts";

describe("crew verify", () => {
  let folder: string;
  const env = { CREW_ENGINE_DIR: rootOptions(process.env).directory };
  const write = (value: unknown): void =>
    writeFileSync(join(folder, "crew.config.json"), JSON.stringify(value, null, 2));
  beforeAll(async () => {
    await engine("6.1");
    folder = mkdtempSync(join(tmpdir(), "crew-test-verb-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("says in a few lines what it started and how long that took", async () => {
    write(config("6.1"));
    const { code, stdout } = await crew(folder, ["verify"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Verified \(boot\) in \d+\.\d s with Kamailio 6\.1\S*, rtpengine 26\S*, nftables 1\S*\.$/m,
    );
    expect(stdout).toMatch(/ok +kamailio answers +\d+ ms +200 OK/);
    expect(stdout.trim().split("\n").length).toBeLessThan(14);
  });

  it.each(examples)(
    "boots the example %s as it stands",
    async (name) => {
      const { code, stdout, stderr } = await crew(exampleFolder(name), ["verify"], env);
      expect(code, `${stdout}${stderr}`).toBe(0);
      expect(stdout).toMatch(/^Verified \(boot\) in .* with Kamailio 6\.1/m);
      expect(stdout).toMatch(/ok +kamailio answers/);
    },
    60_000,
  );

  it("answers with its steps as JSON", async () => {
    write(config("6.1"));
    const { code, json } = await crew(folder, ["verify", "--level", "parse", "--output", "json"], env);
    expect(code).toBe(0);
    expect(json().data).toMatchObject({ level: "parse", ok: true, engine: { line: "6.1" } });
  });

  it("ends with 1 where the config does not compile", async () => {
    write({ ...(config("6.1") as object), trunks: 5 });
    expect((await crew(folder, ["verify"], env)).code).toBe(1);
  });

  it("ends with 5 where there is no engine", async () => {
    write(config("6.1"));
    const { code, json } = await crew(folder, ["verify", "--output", "json"], { CREW_ENGINE_DIR: folder });
    expect(code).toBe(5);
    expect(json().diagnostics.map((d) => d.code)).toContain("CREW6920");
  });

  it("ends with 5, at the property, where the config boots into a port that is taken", async () => {
    const local = JSON.parse(JSON.stringify(config("6.1")).replaceAll("10.0.4.", "127.0.4."));
    write({
      ...local,
      network: { ...local.network, agents: { address: "127.0.0.1", udp: 2223, tcp: false } },
    });
    const { code, json } = await crew(folder, ["verify", "--output", "json"], env);
    expect(json().diagnostics.filter((d) => d.code.startsWith("CREW5"))).toMatchObject([
      { code: "CREW5111", pointer: "/network/agents/udp", span: { file: "crew.config.json" } },
    ]);
    expect(code).toBe(5);
  });
});
