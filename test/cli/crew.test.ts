import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { wantsColor } from "../../src/cli/color.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { packageRoot, packageVersion } from "../../src/core/package.ts";
import { crew } from "./crew.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crew-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const good = `import { defineTrunk } from "crew";
export default defineTrunk({
  agents: { agent_sarah: { uri: "sip:127.0.0.3:5080" } },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
});
`;

function write(text: string, name = "crew.config.ts"): void {
  writeFileSync(join(folder, name), text);
}

describe("help and usage", () => {
  test("--help names every verb on stdout and exits 0", async () => {
    const { code, stdout, stderr } = await crew(folder, ["--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const { name, summary } of verbs) {
      expect(stdout).toContain(name);
      expect(stdout.replace(/\s+/g, " ")).toContain(summary);
    }
  });

  test.each(verbs.map((v) => v.name))("crew %s --help has examples", async (name) => {
    const { code, stdout } = await crew(folder, [name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:[^]*crew ${name}`));
    expect(stdout).toContain("--output");
    const other = await crew(folder, ["help", name]);
    expect(other.stdout).toBe(stdout);
  });

  test.each(verbs.map((v) => [v.name, v] as const))(
    "what crew %s says of itself fits a terminal",
    async (_, v) => {
      const command = new Command();
      (await v.load()).verb.configure(command);
      const lines = command.description().split("\n");
      // One paragraph is wrapped to the terminal; lines of its own are not, and break in two.
      if (lines.length > 1) expect(lines.filter((line) => line.length > 78)).toEqual([]);
    },
  );

  test("--version", async () => {
    expect((await crew(folder, ["--version"])).stdout).toBe(`${packageVersion()}\n`);
  });

  test.each([
    [[], "No verb is given"],
    [["biuld"], "Did you mean 'crew build'"],
    [["build", "--ouput", "json"], "Did you mean --output"],
    [["build", "--output", "yaml"], "Allowed choices are text, json, github, sarif"],
    [["build", "--engine", "4.4"], "Allowed choices are 6.1, 6.0, 5.6"],
    [["check", "a.ts", "b.ts"], "Too many arguments"],
  ])("%j is wrong usage: exit 2, said on stderr", async (argv, expected) => {
    const { code, stdout, stderr } = await crew(folder, argv);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(expected);
  });

  test.each([
    [["nosuch", "--output", "json"]],
    [["build", "--nosuch", "--output=json"]],
    [["--output", "json"]],
  ])("%j is one JSON document, too", async (argv) => {
    const ran = await crew(folder, argv);
    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject({ exit_code: 2, diagnostics: [{ code: "CREW1900" }] });
  });

  test("global options stand before or after the verb", async () => {
    write(good);
    const before = await crew(folder, ["--output", "json", "check"]);
    const after = await crew(folder, ["check", "--output", "json"]);
    expect(before.stdout).toBe(after.stdout);
    expect(before.json().exit_code).toBe(0);
  });
});

describe("crew build", () => {
  test("writes the bundle and says so; a second time there is nothing to write", async () => {
    write(good);
    const first = await crew(folder, ["build", "--output", "json"]);
    expect(first.code).toBe(0);
    expect(readdirSync(join(folder, "dist"))).toEqual(
      expect.arrayContaining(["kamailio", "manifest.json", "model.json"]),
    );
    const again = await crew(folder, ["build"]);
    expect(again.stdout).toContain("nothing to write");
    expect(again.code).toBe(0);
  });

  test("a wrong config writes nothing and exits 1", async () => {
    write(good.replace('agent_sarah" }]', 'agent_sara" }]'));
    const ran = await crew(folder, ["build", "--output", "json"]);
    expect(ran.code).toBe(1);
    expect(ran.json().diagnostics.map((d) => d.code)).toContain("CREW2101");
    expect(readdirSync(folder)).toEqual(["crew.config.ts"]);
  });

  test("a missing config is said in one sentence", async () => {
    const ran = await crew(folder, ["build"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("CREW1001");
  });

  test("--check passes on a current folder and fails on a stale one, naming file and line", async () => {
    write(good);
    await crew(folder, ["build"]);
    expect((await crew(folder, ["build", "--check"])).code).toBe(0);
    const file = join(folder, "dist/kamailio/kamailio.cfg");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[4] = "# edited";
    writeFileSync(file, lines.join("\n"));
    const stale = await crew(folder, ["build", "--check"]);
    expect(stale.code).toBe(1);
    expect(stale.stdout).toContain("kamailio/kamailio.cfg: changed from line 5\n  - # edited\n");
    expect(stale.stderr).toContain("CREW1304");
    rmSync(join(folder, "dist"), { recursive: true });
    expect((await crew(folder, ["build", "--check"])).stdout).toContain("kamailio/kamailio.cfg: missing");
    expect(readdirSync(folder)).toEqual(["crew.config.ts"]);
  });

  test("--engine overrides the line of the config", async () => {
    write(good);
    expect((await crew(folder, ["build", "--engine", "6.0", "--out", "other"])).code).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "other/manifest.json"), "utf8")).engine).toBe("6.0");
  });

  test("a JSON config may name its schema", async () => {
    const trunk = { sip: { auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] } } };
    write(JSON.stringify({ $schema: "./schemas/crew.config.schema.json", ...trunk }), "crew.config.json");
    expect((await crew(folder, ["check"])).code).toBe(0);
  });
});

describe("crew init", () => {
  test("writes a config that builds without a complaint, and never overwrites", async () => {
    expect((await crew(folder, ["init", "edge"])).code).toBe(0);
    const built = await crew(folder, ["build", "edge/crew.config.ts", "--output", "json"]);
    expect(built.json().diagnostics.filter((d) => d.code.startsWith("CREW1"))).toEqual([]);
    expect(built.code).toBe(0);
    writeFileSync(join(folder, "edge/crew.config.ts"), "mine");
    const again = await crew(folder, ["init", "edge"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("CREW1305");
    expect(readFileSync(join(folder, "edge/crew.config.ts"), "utf8")).toBe("mine");
  });

  test("says why a folder cannot be written", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const place of ["file", "file/edge", "/proc/no/such"]) {
      const { code, stderr } = await crew(folder, ["init", place]);
      expect(code).toBe(2);
      expect(stderr).toContain("CREW1307");
    }
  });
});

describe("crew build and check, at their edges", () => {
  test("ends where its output folder can never be made, and takes no empty name", async () => {
    expect((await crew(folder, ["init", "edge-of-out"])).code).toBe(0);
    const build = (out: string) => crew(folder, ["build", "edge-of-out/crew.config.ts", "--out", out]);
    const never = await build("/proc/no-such-folder");
    expect(never.code).toBe(1);
    expect(never.stderr).toContain("CREW1306");
    expect((await build("")).code).toBe(2);
  });

  test("marks the place of a mere remark", async () => {
    write(
      `import { defineEdge, defineTrunk } from "crew";
const trunk = defineTrunk({
  agents: { sarah: { uri: "sip:agent.example:5080" } },
  sip: {
    auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "sarah" }],
  },
});
export default defineEdge({ trunks: [trunk], network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } } });
`,
    );
    const { stderr } = await crew(folder, ["check"]);
    expect(stderr).toMatch(/^info\[CREW3121\].*\n {2}--> crew\.config\.ts:3:27$/m);
  });
});

describe("crew explain", () => {
  const codes = [
    ...new Set(
      readdirSync(join(packageRoot(), "src"), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.startsWith("dev/") && !name.includes(".generated."))
        .flatMap(
          (name) => readFileSync(join(packageRoot(), "src", name), "utf8").match(/"CREW\d{4}"/g) ?? [],
        ),
    ),
  ].map((quoted) => quoted.slice(1, -1));

  test("has a page that says something for every code in the sources", async () => {
    expect(codes.length).toBeGreaterThan(100);
    const silent: string[] = [];
    for (const code of codes) {
      const { code: exit, stdout } = await crew(folder, ["explain", code]);
      if (exit !== 0 || stdout.split("\n").length < 4) silent.push(code);
    }
    expect(silent).toEqual([]);
  });

  test("takes a code in any spelling, and the name of a check", async () => {
    const page = await crew(folder, ["explain", "CREW2202"]);
    expect(page.stdout).toMatch(/^CREW2202 noShadowedRoute .*Wrong:.*Right:/s);
    for (const other of ["crew2202", "2202", "noShadowedRoute"])
      expect((await crew(folder, ["explain", other])).stdout).toBe(page.stdout);
  });

  test("an unknown code is wrong usage, with the nearest one", async () => {
    const ran = await crew(folder, ["explain", "noShadowRoute"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("noShadowedRoute");
  });
});

describe("wantsColor", () => {
  const terminal = { isTTY: true };
  test.each([
    ["a terminal", true, {}, terminal, true],
    ["a pipe", true, {}, {}, false],
    ["--no-color", false, { FORCE_COLOR: "1" }, terminal, false],
    ["NO_COLOR of any value", true, { NO_COLOR: "0" }, terminal, false],
    ["an empty NO_COLOR", true, { NO_COLOR: "" }, terminal, true],
    ["NO_COLOR beside FORCE_COLOR", true, { NO_COLOR: "1", FORCE_COLOR: "1" }, terminal, false],
    ["FORCE_COLOR in a pipe", true, { FORCE_COLOR: "1" }, {}, true],
    ["a dumb terminal", true, { TERM: "dumb" }, terminal, false],
  ])("%s", (_, flag, env, stream, expected) => {
    expect(wantsColor(flag, env, stream)).toBe(expected);
  });
});
