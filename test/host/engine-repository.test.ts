import { readdirSync, readFileSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { RootManifest } from "../../src/host/root-spec.ts";
import { findEngine } from "../../src/host/runtime.ts";
import { crew } from "../cli/crew.ts";
import { openRepository, type TestPackage, type TestRepository } from "./apt-repository.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Packages of one version that hold a file with their name and version. */
const named = (version: string, ...names: readonly string[]): readonly TestPackage[] =>
  names.map((name) => ({ name, version, files: { [`usr/share/${name}`]: version } }));
const kamailioNames = [
  "kamailio",
  "kamailio-extra-modules",
  "kamailio-utils-modules",
  "kamailio-tls-modules",
];
const kamailio = (version: string): readonly TestPackage[] => named(version, ...kamailioNames);
const rtpengine = (version: string): readonly TestPackage[] => named(version, "rtpengine-daemon");
const rest = named("1.0-1", "nftables", "iproute2", "s6", "util-linux", "libsrtp");

/** Stands for the archive of Debian. */
let debian: TestRepository;
/** The project's own, with newer programs of the line. */
let project: TestRepository;
let directory: string;
let engines: string;

beforeAll(async () => {
  debian = await openRepository(
    [...kamailio("6.1.5-1"), ...rtpengine("26.0.1.26-1"), ...rest],
    ["forky", "forky-updates", "forky-security", "trixie", "trixie-updates", "trixie-security"],
  );
  project = await openRepository([]);
});
afterAll(async () => {
  await debian.close();
  await project.close();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "crew-source-"));
  engines = join(directory, "engines");
  await project.publish([...kamailio("6.1.9+deb14"), ...rtpengine("26.0.2.1-1~deb14")]);
  for (const repository of [debian, project]) {
    repository.intercept = undefined;
    repository.requests.length = 0;
  }
});
afterEach(() => rm(directory, { recursive: true }));

const environment = () => ({
  CREW_ENGINE_DIR: engines,
  CREW_DEBIAN_MIRROR: debian.uri,
  CREW_DEBIAN_SECURITY_MIRROR: debian.uri,
  CREW_DEBIAN_KEYRING: debian.key,
});
const engine = (...words: readonly string[]) =>
  crew(directory, ["engine", ...words, "--output", "json"], environment());
const line = (uri = project.uri, suite = "test main") => `deb ${uri} ${suite}`;
const install = (...words: readonly string[]) =>
  engine("install", "--repository", line(), "--key", project.key, ...words);
const found = async () => (await findEngine("6.1", environment(), { dpkg: directory })).value;

interface Installed {
  readonly directory: string;
  readonly changed: boolean;
}

describe("an engine of a named repository", () => {
  test("has its programs from there and the rest from the Debian suite, and says so in root.json", async () => {
    const ran = await install("--suite", "trixie");
    expect(ran.json()).toMatchObject({ exit_code: 0, diagnostics: [] });
    const { directory: root, changed } = ran.json().data as Installed;
    expect(changed).toBe(true);
    const manifest = JSON.parse(readFileSync(join(root, "root.json"), "utf8")) as RootManifest;
    expect(manifest.sources).toEqual([
      { uri: project.uri, suites: ["test"], components: ["main"], named: true, keys: [project.fingerprint] },
      ...[["trixie", "trixie-updates"], ["trixie-security"]].map((suites) => {
        return { uri: debian.uri, suites, components: ["main"], named: false, keys: [debian.fingerprint] };
      }),
    ]);
    const from = (uri: string) =>
      manifest.packages.filter((p) => p.uri.startsWith(`${uri}/`)).map((p) => `${p.package} ${p.version}`);
    expect(from(project.uri).sort()).toEqual(
      [...kamailioNames.map((n) => `${n} 6.1.9+deb14`), "rtpengine-daemon 26.0.2.1-1~deb14"].sort(),
    );
    expect(from(debian.uri).sort()).toEqual([
      "iproute2 1.0-1",
      "nftables 1.0-1",
      "s6 1.0-1",
      "util-linux 1.0-1",
    ]);
    expect(readFileSync(join(root, "root/usr/share/kamailio"), "utf8")).toBe("6.1.9+deb14");
  });

  test("is what deployments find and crew engine status shows, with the source and its key", async () => {
    await install();
    expect(await found()).toMatchObject({
      from: "private_root",
      versions: { kamailio: "6.1.9+deb14", "rtpengine-daemon": "26.0.2.1-1~deb14", nftables: "1.0-1" },
    });
    const source = { uri: project.uri, keys: [project.fingerprint] };
    expect((await engine("status", "--engine", "6.1")).json().data).toMatchObject({
      engines: [{ line: "6.1", installed: true, sources: [source, {}, {}] }],
    });
    const text = (await crew(directory, ["engine", "status"], environment())).stdout;
    expect(text).toContain(`from ${project.uri} test main (key ${project.fingerprint})`);
    const table = (await crew(directory, ["engine", "table", "--installed"], environment())).stdout;
    expect(table.split("\n")[0]).toBe(
      `| capability | meaning | 6.1 (${project.uri} test main: Kamailio 6.1.9+deb14, rtpengine 26.0.2.1-1~deb14) |`,
    );
  });

  test("stays the engine of the line, without the network and the user's key file, and is refreshed from there", async () => {
    const key = join(directory, "mine.asc");
    await writeFile(key, await readFile(project.armouredKey));
    await engine("install", "--repository", line(), "--key", "mine.asc");
    await rm(key);
    project.requests.length = 0;
    expect((await engine("install")).json().data).toMatchObject({ changed: false });
    expect(project.requests).toEqual([]);
    await project.publish([...kamailio("6.1.10+deb14"), ...rtpengine("26.0.2.1-1~deb14")]);
    expect((await engine("install", "--refresh")).json()).toMatchObject({
      diagnostics: [],
      data: { changed: true },
    });
    expect((await found())?.versions.kamailio).toBe("6.1.10+deb14");
  });

  test("is named as what is missing where its root was removed, and is made again from there", async () => {
    const { directory: root } = (await install()).json().data as Installed;
    await rm(root, { recursive: true });
    const missing = await findEngine("6.1", environment(), { dpkg: directory });
    expect(missing.diagnostics).toMatchObject([
      { code: "CREW6920", why: expect.stringContaining(`${project.uri} test main, Debian forky`) },
    ]);
    expect((await engine("install")).json()).toMatchObject({ data: { directory: root, changed: true } });
    expect((await found())?.versions.kamailio).toBe("6.1.9+deb14");
  });

  test("gives way to Debian's where its suite is named alone", async () => {
    await install();
    expect((await engine("install", "--suite", "forky")).json()).toMatchObject({ exit_code: 0 });
    expect((await found())?.versions.kamailio).toBe("6.1.5-1");
    expect(readdirSync(engines).filter((f) => f.endsWith(".json"))).toEqual([]);
  });

  test("may have one program alone from there, older than Debian's too", async () => {
    await project.publish(rtpengine("26.0.1.20-1"));
    expect((await install()).json()).toMatchObject({ diagnostics: [] });
    expect((await found())?.versions).toMatchObject({
      kamailio: "6.1.5-1",
      "rtpengine-daemon": "26.0.1.20-1",
    });
  });

  test("may be in a folder, in one with several lines and versions: the newest of the line is taken", async () => {
    await project.publish([...kamailio("6.1.8"), ...kamailio("6.1.9"), ...kamailio("6.2.0")]);
    const ran = await engine("install", "--repository", line(`file:${project.files}`), "--key", project.key);
    expect(ran.json()).toMatchObject({ diagnostics: [] });
    expect((await found())?.versions.kamailio).toBe("6.1.9");
    expect(project.requests).toEqual([]);
  });

  test("may be of several repositories with a key each", async () => {
    await project.publish(kamailio("6.1.9"));
    const other = await openRepository(rtpengine("26.0.2.2-1"));
    const ran = await engine(
      ...["install", "--repository", line(other.uri), "--key", other.armouredKey],
      ...["--repository", `deb [signed-by=${project.key}] ${project.uri} test main`],
    );
    await other.close();
    expect(ran.json()).toMatchObject({ exit_code: 0, diagnostics: [] });
    expect((await found())?.versions).toMatchObject({ kamailio: "6.1.9", "rtpengine-daemon": "26.0.2.2-1" });
  });
});

describe("is refused, and nothing is installed:", () => {
  /** Installs, expects one diagnostic and nothing else, and gives it. */
  async function refusal(words: readonly string[], exit = 1): Promise<Record<string, string>> {
    const { exit_code, diagnostics } = (await engine("install", ...words)).json();
    expect(exit_code).toBe(exit);
    expect(diagnostics).toHaveLength(1);
    expect(await found()).toBeUndefined();
    const left = readdirSync(directory).includes("engines") ? readdirSync(engines) : [];
    expect(left.filter((f) => !/^keys$|\.work$/.test(f))).toEqual([]);
    expect((diagnostics[0] as { help?: string }).help?.length).toBeGreaterThan(20);
    return diagnostics[0] as unknown as Record<string, string>;
  }
  const own = () => ["--repository", line(), "--key", project.key];
  const packagesAsked = () => project.requests.filter((r) => r.path.endsWith(".deb"));

  test("an index that another key signed", async () => {
    const problem = await refusal(["--repository", line(), "--key", project.otherKey]);
    expect(problem.code).toBe("CREW6903");
    expect(problem.message).toContain(`"${project.uri} test main" is not signed by the key `);
    expect(problem.message).not.toContain(project.fingerprint);
    expect(packagesAsked()).toEqual([]);
  });

  test("an index that nobody signed", async () => {
    project.intercept = (path, response) => {
      if (!path.endsWith("InRelease")) return false;
      response.end("Origin: Test\nSuite: test\n");
      return true;
    };
    expect(await refusal(own())).toMatchObject({ code: expect.stringMatching(/CREW69(03|09)/) });
    expect(packagesAsked()).toEqual([]);
  });

  test("a Packages file that the signed Release does not name", async () => {
    const index = join(
      project.files,
      `dists/test/main/binary-${process.arch === "arm64" ? "arm64" : "amd64"}/Packages`,
    );
    await appendFile(index, "\n");
    expect((await refusal(own())).code).toBe("CREW6907");
    expect(packagesAsked()).toEqual([]);
  });

  test("a package that the signed index does not name", async () => {
    const deb = readdirSync(join(project.files, "pool")).find((f) => f.startsWith("kamailio_"))!;
    const path = join(project.files, "pool", deb);
    const bytes = await readFile(path);
    bytes[bytes.length - 700]! ^= 1;
    await writeFile(path, bytes);
    expect((await refusal(own())).code).toBe("CREW6907");
  });

  test("a repository that does not answer, by its name", async () => {
    const problem = await refusal(["--repository", line("http://127.0.0.1:9"), "--key", project.key]);
    expect(problem.code).toBe("CREW6906");
    expect(problem.message).toContain("127.0.0.1");
  });

  test.each([
    ["no file at all", () => join(directory, "absent.asc"), "ENOENT"],
    ["a page instead of a key", () => "page", "no OpenPGP public key"],
    ["a key that was cut off", () => "cut", "no OpenPGP public key"],
    ["a secret key", () => project.secretKey, "it holds a secret key"],
    ["a keybox of GnuPG", () => "box", "keybox"],
  ])("as its key %s", async (_, key, reason) => {
    await writeFile(join(directory, "page"), "<!DOCTYPE html><title>404</title>");
    await writeFile(join(directory, "cut"), (await readFile(project.key)).subarray(0, 40));
    await writeFile(join(directory, "box"), Buffer.concat([Buffer.alloc(8), Buffer.from("KBXf")]));
    const problem = await refusal(["--repository", line(), "--key", key()]);
    expect(problem.code).toBe("CREW6913");
    expect(problem.message).toContain(reason);
    expect(project.requests).toEqual([]);
  });

  test("an engine folder that cannot be made", async () => {
    await writeFile(join(directory, "engines"), "a file");
    const { exit_code, diagnostics } = (await install()).json();
    expect(exit_code).toBe(1);
    expect(diagnostics).toMatchObject([{ code: "CREW6919", message: expect.stringContaining("EEXIST") }]);
    expect((await engine("install")).json()).toMatchObject({
      exit_code: 1,
      diagnostics: [{ code: "CREW6919" }],
    });
  });

  test("a repository without a package of the engine", async () => {
    await project.publish(named("2.0", "something-else"));
    expect(await refusal(own())).toMatchObject({
      code: "CREW6905",
      message: expect.stringContaining(`Nothing is taken from "${project.uri} test main"`),
    });
  });

  test.each([
    ["without one of the modules, though Debian has it", []],
    ["with one of the modules in another version", named("6.1.8", "kamailio-tls-modules")],
  ])("a repository %s", async (_, others) => {
    await project.publish([...kamailio("6.1.9").slice(0, 3), ...others]);
    expect((await refusal(own())).message).toContain(
      `No package "kamailio-tls-modules" of version 6.1.9 in "${project.uri} test main"`,
    );
    expect(packagesAsked()).toEqual([]);
  });

  test("a version of another line", async () => {
    await project.publish(kamailio("6.0.9+deb13"));
    const problem = await refusal(own());
    expect(problem.code).toBe("CREW6914");
    expect(problem.message).toContain("Engine line 6.1 needs Kamailio 6.1.x");
    expect(problem.message).toContain("6.0.9+deb13");
    expect(packagesAsked()).toEqual([]);
  });

  test("a version of another line in the Debian suite", async () => {
    await project.publish(rtpengine("26.0.2.1-1"));
    await debian.publish([...kamailio("6.2.0-1"), ...rtpengine("26.0.1.26-1"), ...rest]);
    const problem = await refusal([]);
    await debian.publish([...kamailio("6.1.5-1"), ...rtpengine("26.0.1.26-1"), ...rest]);
    expect(problem).toMatchObject({ code: "CREW6914", message: expect.stringContaining("6.2.0-1") });
  });

  test("a version with a hole that the line's packages close", async () => {
    await project.publish([...kamailio("6.1.0"), ...rtpengine("26.0.2.1-1")]);
    const problem = await refusal(own());
    expect(problem.code).toBe("CREW6915");
    expect(problem.message).toContain("CVE-2026-39863");
    expect(packagesAsked()).toEqual([]);
  });

  test("packages that want libraries of another suite", async () => {
    const [first, ...others] = kamailio("6.1.9");
    await project.publish([{ ...first!, depends: "libsrtp (>= 2)" }, ...others]);
    const problem = await refusal(own());
    expect(problem.code).toBe("CREW6917");
    expect(problem.message).toMatch(/kamailio : Depends: libsrtp \(>= 2\)/);
    expect(problem.help).toContain("--suite");
  });

  test.each([
    ["deb-src http://x test main", 'form "deb '],
    ["http://x test main", 'form "deb '],
    ["deb ftp://x test main", "begins with http:"],
    ["deb http://u:secret@x test main", "apt_auth.conf"],
    ["deb http://x test", "components"],
    ["deb http://x ./ main", "components"],
    ["deb [trusted=yes] http://x test main", "trusted=yes is not known"],
    ["deb [arch=riscv64] http://x test main", "is not for"],
    ["deb http://x test main\nTrusted: yes", "plain words"],
  ])("the line %j", async (text, reason) => {
    const problem = await refusal(["--repository", text, "--key", project.key], 2);
    expect(problem.code).toBe("CREW6916");
    expect(problem.message).toContain(reason);
    expect(problem.message).not.toContain("secret");
  });

  test.each([
    [["--repository", "deb http://x a main"], "No key is named for the repository"],
    [["--key", "k"], "1 keys are named for 0 repositories"],
    [["--suite", "Forky!"], "no name of a Debian suite"],
  ])("%j", async (words, reason) => {
    expect((await refusal(words, 2)).message).toContain(reason);
  });
});
