import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readKeyFile } from "../../src/host/openpgp.ts";
import { openRepository, type TestRepository } from "./apt-repository.ts";

const debian = "/usr/share/keyrings/debian-archive-keyring.gpg";
let repository: TestRepository;
let directory: string;
beforeAll(async () => {
  repository = await openRepository([]);
  directory = await mkdtemp(join(tmpdir(), "crew-key-"));
}, 60_000);
afterAll(async () => {
  await repository.close();
  await rm(directory, { recursive: true });
});

test("the keys of the Debian archive have the fingerprints that GnuPG gives them", async () => {
  const own = await readKeyFile(debian);
  expect(own.value?.fingerprints.length).toBeGreaterThan(3);
  expect(own.value?.fingerprints).toEqual(await repository.fingerprints(debian));
});

test("armour comes off: several blocks in a file are as good as one key file, whatever its name", async () => {
  const both = join(directory, "both.txt");
  const binary = await readKeyFile(repository.key);
  await copyFile(repository.armouredKey, both);
  expect(await readKeyFile(both)).toEqual(binary);
  const other = (await readKeyFile(repository.otherKey)).value!;
  const armour = `-----BEGIN PGP PUBLIC KEY BLOCK-----\r\nComment: x\r\n\r\n${Buffer.from(other.binary).toString("base64")}\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n`;
  await writeFile(both, armour, { flag: "a" });
  const two = (await readKeyFile(both)).value!;
  expect(two.fingerprints).toEqual([repository.fingerprint, ...other.fingerprints]);
  await writeFile(join(directory, "two.gpg"), two.binary);
  expect(await repository.fingerprints(join(directory, "two.gpg"))).toEqual(two.fingerprints);
});

test("a key of version 6 has the fingerprint that RFC 9580 gives it", async () => {
  const file = join(directory, "v6.gpg");
  // the primary key of appendix A.3, without its signatures
  const packet = "xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laM=";
  await writeFile(file, Buffer.from(packet, "base64"));
  expect((await readKeyFile(file)).value?.fingerprints).toEqual([
    "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9",
  ]);
});

test.each([
  ["nothing", []],
  ["a length that is not there", [0xc6, 0xff, 0, 0]],
  ["a partial length", [0xc6, 0xe1, 4, 0]],
  ["a legacy length without end", [0x9b, 4, 0]],
  ["a body that is cut off", [0x99, 1, 0, 4]],
  ["a signature alone", [0xc2, 1, 4]],
  ["a key of version 3", [0xc6, 1, 3]],
])("%s is no key", async (name, bytes) => {
  const file = join(directory, name.replaceAll(" ", "-"));
  await writeFile(file, Buffer.from(bytes));
  expect((await readKeyFile(file)).diagnostics.map((d) => d.code)).toEqual(["CREW6913"]);
});
