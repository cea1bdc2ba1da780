/** A signed apt repository on the loopback, made for a test, that can be slow, broken or forged. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import type { RootSpec } from "../../src/host/root-spec.ts";
import { type Command, run } from "../../src/host/run.ts";
import { hostPrograms, rootPrograms } from "../../src/host/runtime.ts";

export interface TestPackage {
  readonly name: string;
  readonly version?: string;
  readonly depends?: string;
  /** Path in the package to its text, or to `{link}`. */
  readonly files: Readonly<Record<string, string | { readonly link: string }>>;
  /** A folder whose content it holds too. */
  readonly tree?: string;
}

export interface TestRepository {
  readonly uri: string;
  /** Where its files lie. */
  readonly files: string;
  readonly key: string;
  /** The same key with ASCII armour. */
  readonly armouredKey: string;
  /** The key's fingerprint as GnuPG prints it. */
  readonly fingerprint: string;
  /** The secret key, armoured. */
  readonly secretKey: string;
  /** A key that signs nothing here. */
  readonly otherKey: string;
  /** Paths asked for, with `Range` where there was one. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  /** Decides about a request before it is answered from the files; true means that it was dealt with. */
  intercept: ((path: string, response: ServerResponse, body: Buffer) => boolean) | undefined;
  /** Fingerprints of the primary keys in a file, as GnuPG prints them. */
  fingerprints(file: string): Promise<readonly string[]>;
  spec(packages: readonly string[], change?: Partial<RootSpec>): RootSpec;
  /** Replaces the packages and signs the new index. */
  publish(packages: readonly TestPackage[]): Promise<void>;
  close(): Promise<void>;
}

export const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

async function must(command: Command, input?: string): Promise<string> {
  const result = await run(command, { ...(input === undefined ? {} : { input }) });
  if (!result.ok) throw new Error(`${command.args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** `suites` all have the same packages. */
export async function openRepository(
  packages: readonly TestPackage[],
  suites: readonly string[] = ["test"],
): Promise<TestRepository> {
  const directory = await mkdtemp(join(tmpdir(), "crew-apt-"));
  const files = join(directory, "files");
  const keys = {
    key: join(directory, "key.gpg"),
    otherKey: join(directory, "other.gpg"),
    armouredKey: join(directory, "key.asc"),
    secretKey: join(directory, "secret.asc"),
  };
  const home = await makeKey(directory, "signer", keys.key);
  const otherHome = await makeKey(directory, "stranger", keys.otherKey);
  const own = ["--homedir", home, "--batch", "--quiet"];
  await must(await gpg("gpg", [...own, "--armor", "--export", "--output", keys.armouredKey]));
  await must(await gpg("gpg", [...own, "--armor", "--export-secret-keys", "--output", keys.secretKey]));
  const requests: TestRepository["requests"] = [];
  const server: Server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push({ path, range: request.headers.range });
    const body = await readFile(join(files, path)).catch(() => undefined);
    if (body === undefined) return response.writeHead(404).end();
    if (repository.intercept?.(path, response, body)) return;
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "Content-Length": body.length - from,
      "Last-Modified": new Date(Date.UTC(2026, 0, 1)).toUTCString(),
      "Accept-Ranges": "bytes",
      ...(from > 0 ? { "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    return response.end(body.subarray(from));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const uri = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const repository: TestRepository = {
    uri,
    files,
    ...keys,
    fingerprint: (await fingerprints(keys.key, home))[0] ?? "",
    fingerprints: (file) => fingerprints(file, home),
    requests,
    intercept: undefined,
    spec: (names, change = {}) => ({
      name: "test",
      repositories: [{ uri, suite: "test", components: ["main"], signedBy: keys.key }],
      packages: names,
      ...change,
    }),
    publish: (next) => publish(next, suites, directory, files, home),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      for (const h of [home, otherHome])
        await run(await gpg("gpgconf", ["--homedir", h, "--kill", "gpg-agent"]));
      await rm(directory, { recursive: true, force: true });
    },
  };
  await repository.publish(packages);
  return repository;
}

let gnupg: Promise<(program: string, args: readonly string[]) => Command> | undefined;

async function fingerprints(file: string, home: string): Promise<readonly string[]> {
  const options = ["--homedir", home, "--batch", "--quiet", "--with-colons"];
  const listed = await must(await gpg("gpg", [...options, "--show-keys", file]));
  return [...listed.matchAll(/^pub:.*\n(?:rvk:.*\n)*fpr:+([0-9A-F]+):/gm)].map(
    ([, fingerprint = ""]) => fingerprint,
  );
}

/** GnuPG of the host, else from a private root, where gpg has to be told of its agent. */
function gpg(program: string, args: readonly string[]): Promise<Command> {
  gnupg ??= (async () => {
    const host = await hostPrograms();
    if (host.has("gpg") && host.has("gpgconf")) return host.command;
    const spec = { name: "gnupg", suite: "forky", packages: ["gpg", "gpg-agent", "gpgconf"] };
    const made = await ensureRoot(spec, rootOptions(process.env));
    if (made.value === undefined) throw new Error(made.diagnostics[0]?.message);
    const own = await rootPrograms(made.value);
    const agent = ["--agent-program", join(made.value.bin, "gpg-agent")];
    return (name, words = []) => own.command(name, name === "gpg" ? [...agent, ...words] : words);
  })();
  return gnupg.then((command) => command(program, args));
}

async function makeKey(directory: string, name: string, to: string): Promise<string> {
  const home = join(directory, name);
  await mkdir(home, { mode: 0o700 });
  const common = ["--homedir", home, "--batch", "--quiet"];
  await must(
    await gpg("gpg", [
      ...common,
      "--passphrase",
      "",
      "--quick-gen-key",
      `${name}@example.com`,
      "ed25519",
      "sign",
    ]),
  );
  await must(await gpg("gpg", [...common, "--export", "--output", to]));
  return home;
}

async function publish(
  packages: readonly TestPackage[],
  suites: readonly string[],
  directory: string,
  files: string,
  home: string,
): Promise<void> {
  await rm(files, { recursive: true, force: true });
  await mkdir(join(files, "pool"), { recursive: true });
  const entries: string[] = [];
  for (const p of packages) {
    const version = p.version ?? "1.0-1";
    const tree = join(directory, "tree");
    await mkdir(join(tree, "DEBIAN"), { recursive: true });
    if (p.tree !== undefined) await must({ file: "cp", args: ["-a", `${p.tree}/.`, tree], env });
    const control = `Package: ${p.name}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: Test <test@example.com>\nDescription: test\n${p.depends ? `Depends: ${p.depends}\n` : ""}`;
    await writeFile(join(tree, "DEBIAN/control"), control);
    for (const [path, content] of Object.entries(p.files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      if (typeof content === "string") await writeFile(join(tree, path), content, { mode: 0o755 });
      else await symlink(content.link, join(tree, path));
    }
    const file = `pool/${p.name}_${version.replace(":", "%3a")}_${architecture}.deb`;
    await must({
      file: "dpkg-deb",
      args: ["-Znone", "--root-owner-group", "-b", tree, join(files, file)],
      env,
    });
    await rm(tree, { recursive: true });
    const bytes = await readFile(join(files, file));
    entries.push(`${control}Filename: ${file}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`);
  }
  const index = entries.join("\n");
  for (const suite of suites) await publishSuite(suite, index, files, home);
}

async function publishSuite(suite: string, index: string, files: string, home: string): Promise<void> {
  const dist = join(files, "dists", suite);
  const binary = join(dist, "main", `binary-${architecture}`);
  await mkdir(binary, { recursive: true });
  await writeFile(join(binary, "Packages"), index);
  const release = `Origin: Test\nSuite: ${suite}\nCodename: ${suite}\nArchitectures: ${architecture}\nComponents: main\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sha256(index)} ${Buffer.byteLength(index)} main/binary-${architecture}/Packages\n`;
  const args = ["--homedir", home, "--batch", "--quiet", "--clearsign", "--output", join(dist, "InRelease")];
  await must(await gpg("gpg", args), release);
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
