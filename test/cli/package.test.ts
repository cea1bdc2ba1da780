/** The package as strangers get it: packed, installed into an empty project, used from there. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot, packageVersion } from "../../src/core/package.ts";

const root = packageRoot();
let folder: string;
let project: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "crew-package-"));
  project = join(folder, "project");
  mkdirSync(project);
  must(root, process.execPath, [join(root, "src/dev/bootstrap.mjs")]);
  must(root, "npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
  writeFileSync(join(project, "package.json"), JSON.stringify(emptyProject()));
  const tarball = join(folder, `crew-${packageVersion()}.tgz`);
  must(project, "npm", [
    "install",
    "--offline",
    "--cache",
    join(folder, "cache"),
    "--no-audit",
    "--no-fund",
    tarball,
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** crew's own dependencies come from the repository's node_modules, so that no network is needed. */
function emptyProject() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const names = [...Object.keys(dependencies), `@esbuild/${process.platform}-${process.arch}`];
  const overrides = Object.fromEntries(
    names.map((name) => [name, `file:${join(root, "node_modules", name)}`]),
  );
  return { name: "empty", private: true, type: "module", overrides };
}

function must(cwd: string, command: string, args: readonly string[]): string {
  const ran = execute(cwd, command, args);
  expect(ran.status, `${command} ${args.join(" ")}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}

function execute(cwd: string, command: string, args: readonly string[]) {
  return spawnSync(command, args, { cwd, encoding: "utf8" });
}

describe("an empty project with the packed crew", () => {
  test("has npx crew --help and --version", () => {
    expect(must(project, "npx", ["crew", "--help"])).toContain("Usage: crew <verb>");
    expect(must(project, "npx", ["crew", "--version"]).trim()).toBe(packageVersion());
  });

  test("writes a config with npx crew init, builds it, and finds the result current", () => {
    must(project, "npx", ["crew", "init"]);
    must(project, "npx", ["crew", "build"]);
    expect(readdirSync(join(project, "dist"))).toEqual(
      expect.arrayContaining(["kamailio", "nftables", "rtpengine"]),
    );
    must(project, "npx", ["crew", "build", "--check"]);
  });

  test("builds the same bytes as the sources do", () => {
    const example = join(root, "examples/office-inbound/crew.config.ts");
    const manifest = (cwd: string, out: string, command: string, args: readonly string[]) => {
      must(cwd, command, [...args, "build", example, "--out", out]);
      return readFileSync(join(out, "manifest.json"), "utf8");
    };
    const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
    const fromSources = manifest(root, join(folder, "a"), process.execPath, [
      tsx,
      join(root, "src/cli/main.ts"),
    ]);
    expect(manifest(project, join(folder, "b"), "npx", ["crew"])).toBe(fromSources);
  });

  test("checks a JSON config against the schema in the package", () => {
    const schema = "./node_modules/crew/schemas/crew.config.schema.json";
    const sip = { auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] } };
    writeFileSync(join(project, "trunk.json"), JSON.stringify({ $schema: schema, sip }));
    must(project, "npx", ["crew", "check", "trunk.json"]);
    expect(readFileSync(join(project, schema), "utf8")).toContain("$defs");
  });

  test("is typed: tsc takes the starter and refuses an unknown agent, all libraries checked", () => {
    const options = {
      strict: true,
      module: "nodenext",
      target: "es2023",
      noEmit: true,
      skipLibCheck: false,
      types: [],
    };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, include: ["*.config.ts"] }),
    );
    must(project, "npx", ["tsc"]);
    const config = readFileSync(join(project, "crew.config.ts"), "utf8");
    writeFileSync(
      join(project, "wrong.config.ts"),
      config.replace('agent_id: "reception"', 'agent_id: "nobody"'),
    );
    const { status, stdout } = execute(project, "npx", ["tsc"]);
    rmSync(join(project, "wrong.config.ts"));
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/wrong\.config\.ts.*'"nobody"' is not assignable to type '"reception"/);
  });

  test("says where a wrong config is wrong", () => {
    const config = readFileSync(join(project, "crew.config.ts"), "utf8");
    writeFileSync(join(project, "wrong.ts"), config.replace('agent_id: "reception"', 'agent_id: "recepton"'));
    const { status, stdout, stderr } = execute(project, "npx", ["crew", "check", "wrong.ts"]);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    const line = config.split("\n").findIndex((text) => text.includes('agent_id: "reception"')) + 1;
    expect(stderr).toContain(`wrong.ts:${line}`);
  });

  test("exports the functions of a config and nothing of the inside", () => {
    const show = "import * as crew from 'crew'; console.log(Object.keys(crew).sort().join(' '))";
    const names = must(project, process.execPath, ["--input-type=module", "-e", show]).trim();
    expect(names).toBe("defineAgents defineEdge defineRoutes defineTrunk secret uncheckedRoutes");
    const inside = execute(project, process.execPath, [
      "--input-type=module",
      "-e",
      "import 'crew/lib/cli.js'",
    ]);
    expect(inside.stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("holds no path of the machine that packed it, and the licences of what it brings", () => {
    const installed = join(project, "node_modules/crew");
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name), "utf8").includes(root), file.name).toBe(false);
    }
    expect(files.map((f) => f.name)).toEqual(
      expect.arrayContaining(["LICENSE", "THIRD-PARTY-LICENSES", "README.md"]),
    );
    expect(files.filter((f) => /\.ts$/.test(f.name)).every((f) => f.name.endsWith(".d.ts"))).toBe(true);
  });
});

describe("the process", () => {
  const program = join(root, "lib/cli.js");

  test("a reader that goes away is no failure", () => {
    const ran = spawnSync(
      "bash",
      ["-c", `"$0" "$1" explain --list | head -n 1; echo "\${PIPESTATUS[0]}"`, process.execPath, program],
      {
        encoding: "utf8",
      },
    );
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/^CREW1001.*\n0\n$/);
  });

  test("Ctrl-C ends it with 130", async () => {
    writeFileSync(
      join(project, "slow.config.ts"),
      "await new Promise((done) => setTimeout(done, 15_000)); export default {};",
    );
    const child = spawn(process.execPath, [program, "check", "slow.config.ts"], { cwd: project });
    await new Promise((done) => setTimeout(done, 1_500));
    child.kill("SIGINT");
    expect(await new Promise((done) => child.on("exit", done))).toBe(130);
  });
});
