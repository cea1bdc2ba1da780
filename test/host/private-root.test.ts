import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ensureRoot, findRoot } from "../../src/host/private-root.ts";
import { type RootSpec, rootName } from "../../src/host/root-spec.ts";
import { openRepository, type TestPackage, type TestRepository } from "./apt-repository.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const big = "0123456789abcdef".repeat(1 << 17); // 2 MiB
const packages: readonly TestPackage[] = [
  {
    name: "alpha",
    depends: "beta (>= 1:2)",
    files: {
      "usr/bin/alpha": "#!/bin/sh\necho alpha\n",
      "usr/share/doc/alpha/copyright": "trimmed",
      "lib/alpha.conf": "merged into usr",
      "etc/alpha": { link: "/lib/alpha.conf" },
      "etc/host": { link: "/etc/hostname" },
    },
  },
  { name: "beta", version: "1:2.5-1", files: { "usr/share/beta": big } },
  ...Array.from({ length: 12 }, (_, i) => ({
    name: `many${i}`,
    ...(i > 0 ? { depends: `many${i - 1}` } : {}),
    files: { [`usr/share/many/${i}`]: big },
  })),
];

let repository: TestRepository;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  repository = await openRepository(packages);
});
afterAll(() => repository.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "crew-roots-"));
  repository.intercept = undefined;
  repository.requests.length = 0;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

/** Starts an installation in a process of its own; `seen` gets each line that it prints. */
function install(
  spec: RootSpec,
  seen: (line: string) => void = () => {},
  dieAt: readonly [phase: string, percent: number] | [] = [],
) {
  const main = new URL("install-main.ts", import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", main, JSON.stringify(spec), directory, ...dieAt.map(String)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  children.push(child);
  let last = "";
  return new Promise<{ diagnostics: { code: string }[]; directory?: string } | undefined>((done) => {
    child.stdout.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().split("\n").filter(Boolean)) {
        last = line;
        seen(line);
      }
    });
    child.on("close", (code) => done(code === 0 ? JSON.parse(last) : undefined));
  });
}

const codes = (result: { readonly diagnostics: readonly { readonly code: string }[] } | undefined) =>
  result?.diagnostics.map((d) => d.code);
const hash = (text: Buffer) => createHash("sha256").update(text).digest("hex");

describe("a private root", () => {
  test("holds the packages and their dependencies, and records exactly which", async () => {
    const phases = new Set<string>();
    const spec = repository.spec(["alpha"]);
    const made = await ensureRoot(spec, { directory, onProgress: (p) => phases.add(p.phase) });
    expect(made.diagnostics).toEqual([]);
    const root = made.value!.root;
    expect(await readFile(join(root, "usr/share/beta"), "utf8")).toBe(big);
    expect([...phases]).toEqual(["update", "plan", "download", "check", "unpack", "finish"]);
    const recorded = made.value!.manifest.packages;
    expect(recorded.map((p) => [p.package, p.version])).toEqual([
      ["beta", "1:2.5-1"],
      ["alpha", "1.0-1"],
    ]);
    for (const p of recorded) {
      const bytes = Buffer.from(await (await fetch(p.uri)).arrayBuffer());
      expect([p.size, p.sha256]).toEqual([bytes.length, hash(bytes)]);
    }
    expect(await readdir(directory)).toEqual([rootName(spec)]);
  });

  test("has one layout, no documentation, and links that stay inside", async () => {
    const made = await ensureRoot(repository.spec(["alpha"]), { directory });
    const root = made.value!.root;
    expect(await readFile(join(root, "usr/lib/alpha.conf"), "utf8")).toBe("merged into usr");
    await expect(lstat(join(root, "usr/share/doc"))).rejects.toThrow("ENOENT");
    expect(await readlink(join(root, "etc/alpha"))).toBe("../lib/alpha.conf");
    expect(await readlink(join(root, "etc/host"))).toBe("/etc/hostname");
  });

  test("that is complete is found again without the network", async () => {
    const spec = repository.spec(["alpha"]);
    await ensureRoot(spec, { directory });
    repository.requests.length = 0;
    expect((await ensureRoot(spec, { directory })).value?.manifest.packages.length).toBe(2);
    expect(repository.requests).toEqual([]);
  });

  test("leaves the host's package state alone", async () => {
    const state = async () => [
      hash(await readFile("/var/lib/dpkg/status")),
      (await stat("/var/lib/apt/lists")).mtimeMs,
      (await stat("/var/cache/apt")).mtimeMs,
      (await stat("/var/cache/apt/archives")).mtimeMs,
    ];
    const before = await state();
    await ensureRoot(repository.spec(["alpha"]), { directory });
    expect(await state()).toEqual(before);
  });

  test("without a marker is not taken for one", async () => {
    const spec = repository.spec(["alpha"]);
    const made = await ensureRoot(spec, { directory });
    await rm(join(made.value!.directory, "root.json"));
    expect(await findRoot(spec, directory)).toBeUndefined();
    expect((await ensureRoot(spec, { directory })).diagnostics).toEqual([]);
    expect((await findRoot(spec, directory))?.manifest.packages.length).toBe(2);
  });

  test("is another root when its packages change", () => {
    expect(rootName(repository.spec(["alpha"]))).not.toBe(rootName(repository.spec(["beta"])));
    expect(rootName(repository.spec(["alpha", "beta"]))).toBe(rootName(repository.spec(["beta", "alpha"])));
  });
});

describe("refusals", () => {
  test("of an index that another key signed", async () => {
    const [own] = repository.spec([]).repositories!;
    const spec = repository.spec(["alpha"], { repositories: [{ ...own!, signedBy: repository.otherKey }] });
    const result = await ensureRoot(spec, { directory });
    expect(codes(result)).toEqual(["CREW6903"]);
    expect(result.diagnostics[0]?.message).toContain(repository.otherKey);
    expect(await findRoot(spec, directory)).toBeUndefined();
    expect(repository.requests.filter((r) => r.path.endsWith(".deb"))).toEqual([]);
  });

  test("of a package that was changed on the mirror", async () => {
    repository.intercept = (path, response, body) => {
      if (!path.includes("beta")) return false;
      const forged = Buffer.from(body);
      forged[forged.length - 5000]! ^= 1;
      response.end(forged);
      return true;
    };
    const spec = repository.spec(["alpha"]);
    expect(codes(await ensureRoot(spec, { directory }))).toEqual(["CREW6907"]);
    expect(await findRoot(spec, directory)).toBeUndefined();
  });

  test("of a package that was changed on the disk after it was fetched: it is fetched again", async () => {
    repository.intercept = (path, response) => {
      if (!path.includes("alpha")) return false;
      response.writeHead(404).end();
      return true;
    };
    const spec = repository.spec(["alpha"]);
    expect(codes(await ensureRoot(spec, { directory }))).toHaveLength(1);
    const archive = join(directory, `${rootName(spec)}.work/apt/archives`);
    const [beta] = (await readdir(archive)).filter((f) => f.startsWith("beta"));
    const bytes = await readFile(join(archive, beta!));
    bytes[bytes.length - 5000]! ^= 1;
    await writeFile(join(archive, beta!), bytes);
    repository.intercept = undefined;
    const made = await ensureRoot(spec, { directory });
    expect(made.diagnostics).toEqual([]);
    expect(await readFile(join(made.value!.root, "usr/share/beta"), "utf8")).toBe(big);
  });

  test("of a package that does not exist, by its name", async () => {
    const result = await ensureRoot(repository.spec(["alpha", "gamma"]), { directory });
    expect(codes(result)).toEqual(["CREW6905"]);
    expect(result.diagnostics[0]?.message).toContain('"gamma"');
  });

  test("of a Debian suite that the keyring has no key for", async () => {
    const spec = { name: "s6", suite: "forky", packages: ["s6"] };
    const result = await ensureRoot(spec, { directory, keyring: repository.otherKey });
    expect(codes(result)).toEqual(["CREW6903"]);
    expect(result.diagnostics[0]?.message).toContain("forky");
    expect(result.diagnostics[0]?.help).toContain("debian-archive-keyring");
  });

  test("of a mirror that does not answer", async () => {
    const [own] = repository.spec([]).repositories!;
    const spec = repository.spec(["alpha"], { repositories: [{ ...own!, uri: "http://127.0.0.1:9" }] });
    expect(codes(await ensureRoot(spec, { directory }))).toEqual(["CREW6906"]);
  });

  test("of a suite that does not exist", async () => {
    const [own] = repository.spec([]).repositories!;
    const spec = repository.spec(["alpha"], { repositories: [{ ...own!, suite: "nowhere" }] });
    expect(codes(await ensureRoot(spec, { directory }))).toEqual(["CREW6910"]);
  });

  test("of a folder that the loader cannot name", async () => {
    expect(codes(await ensureRoot(repository.spec(["alpha"]), { directory: "/tmp/a b" }))).toEqual([
      "CREW6902",
    ]);
  });

  test("of going on after an abort", async () => {
    const abort = new AbortController();
    const spec = repository.spec(["alpha"]);
    const result = await ensureRoot(spec, {
      directory,
      signal: abort.signal,
      onProgress: (p) => p.phase === "download" && abort.abort(),
    });
    expect(codes(result)).toEqual(["CREW6911"]);
    expect((await ensureRoot(spec, { directory })).diagnostics).toEqual([]);
  });
});

describe("interruptions", { timeout: 120_000 }, () => {
  test("a download that was killed goes on where it stopped", async () => {
    let half: (() => void) | undefined;
    const stalled = new Promise<void>((done) => {
      half = done;
    });
    repository.intercept = (path, response, body) => {
      if (!path.includes("beta")) return false;
      response.writeHead(200, {
        "Content-Length": body.length,
        "Last-Modified": new Date(Date.UTC(2026, 0, 1)).toUTCString(),
      });
      response.write(body.subarray(0, body.length / 2), () => setTimeout(() => half?.(), 300));
      setTimeout(() => response.destroy(), 1500);
      return true;
    };
    const spec = repository.spec(["alpha"]);
    const first = install(spec);
    await stalled;
    children[0]?.kill("SIGKILL");
    expect(await first).toBeUndefined();
    expect(await findRoot(spec, directory)).toBeUndefined();
    repository.intercept = undefined;
    repository.requests.length = 0;
    expect(codes(await install(spec))).toEqual([]);
    const ranges = repository.requests.filter((r) => r.path.includes("beta")).map((r) => r.range);
    expect(ranges).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-/)]);
    const root = await findRoot(spec, directory);
    expect(await readFile(join(root!.root, "usr/share/beta"), "utf8")).toBe(big);
  });

  test("an unpacking that was killed keeps what was unpacked", async () => {
    const spec = repository.spec(["many11"]);
    const killed = await install(spec, () => {}, ["unpack", 20]);
    expect(killed).toBeUndefined();
    expect(await findRoot(spec, directory)).toBeUndefined();
    const work = join(directory, `${rootName(spec)}.work`);
    const [image] = (await readdir(work)).filter((f) => f.startsWith("image"));
    const inode = async (path: string) => (await stat(path)).ino;
    const before = await inode(join(work, image!, "root/usr/share/many/0"));
    repository.requests.length = 0;
    expect(codes(await install(spec))).toEqual([]);
    expect(repository.requests.filter((r) => r.path.endsWith(".deb"))).toEqual([]);
    const root = await findRoot(spec, directory);
    expect(await inode(join(root!.root, "usr/share/many/0"))).toBe(before);
    for (let i = 0; i < 12; i++)
      expect(await readFile(join(root!.root, `usr/share/many/${i}`), "utf8")).toBe(big);
    expect(await readdir(directory)).toEqual([rootName(spec)]);
  });

  test("killed in each phase in turn, it ends up complete", async () => {
    const spec = repository.spec(["alpha"]);
    for (const phase of ["update", "plan", "download", "check", "unpack", "finish"]) {
      expect(await install(spec, () => {}, [phase, 0]), phase).toBeUndefined();
      expect(await findRoot(spec, directory), phase).toBeUndefined();
    }
    expect(codes(await install(spec))).toEqual([]);
    expect(await readdir(directory)).toEqual([rootName(spec)]);
  });

  test("two at once make one root, and each package is fetched once", async () => {
    const spec = repository.spec(["many11"]);
    const waited: string[] = [];
    const held: (() => void)[] = [];
    // the first goes on when the second has begun to wait for it
    repository.intercept = (path, response, body) => {
      if (!path.includes("many0_") || waited.length > 0) return false;
      held.push(() => response.end(body));
      return true;
    };
    const seen = (line: string) => {
      if (!line.includes('"wait"')) return;
      waited.push(line);
      for (const goOn of held.splice(0)) goOn();
    };
    const both = await Promise.all([0, 1].map(() => install(spec, seen)));
    expect(both.map(codes)).toEqual([[], []]);
    expect(both[0]?.directory).toBe(both[1]?.directory);
    expect(waited).toHaveLength(1);
    expect(repository.requests.filter((r) => r.path.endsWith(".deb"))).toHaveLength(12);
  });
});

describe("refresh", () => {
  afterAll(() => repository.publish(packages));

  test("takes newer packages, and keeps the root where there are none", async () => {
    const spec = repository.spec(["beta"]);
    const first = await ensureRoot(spec, { directory });
    const inode = (await stat(first.value!.root)).ino;
    await ensureRoot(spec, { directory, refresh: true });
    expect((await stat(first.value!.root)).ino).toBe(inode);
    await repository.publish([{ name: "beta", version: "1:2.6-1", files: { "usr/share/beta": "new" } }]);
    expect((await ensureRoot(spec, { directory })).value?.manifest.packages[0]?.version).toBe("1:2.5-1");
    const second = await ensureRoot(spec, { directory, refresh: true });
    expect(second.value?.manifest.packages[0]?.version).toBe("1:2.6-1");
    expect(await readFile(join(second.value!.root, "usr/share/beta"), "utf8")).toBe("new");
    expect(await readdir(directory)).toEqual([rootName(spec)]);
  });
});
