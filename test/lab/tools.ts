/** Where the lab's programs come from: a private root of Debian packages, made on first use. */
import { join } from "node:path";
import { engineLine } from "../../src/engine/lines.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import type { RootSpec } from "../../src/host/root-spec.ts";
import { rootPrograms } from "../../src/host/runtime.ts";
import type { Tools } from "../../src/phone/process.ts";

/** What the lab runs, from the suite of the current engine line. */
export const toolSpec: RootSpec = {
  name: "tools",
  suite: engineLine("6.1").debian.suite,
  packages: ["sip-tester", "baresip-core", "asterisk", "tcpdump", "iproute2", "openssl"],
  // Only maintainer scripts and modules that no lab loads want these.
  without: [
    "adduser",
    "asterisk-core-sounds-en",
    "base-passwd",
    "debconf",
    "dirmngr",
    "gnupg",
    "gpg",
    "passwd",
    "perl",
    "python3",
    "systemd",
  ],
};

let ready: Promise<Tools> | undefined;

async function make(): Promise<Tools> {
  const { value, diagnostics } = await ensureRoot(toolSpec, rootOptions(process.env));
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.message} ${d.help ?? ""}`).join("\n"));
  const programs = await rootPrograms(value);
  return { ...programs, root: value.root, libraries: join(value.root, "usr/lib", value.manifest.triplet) };
}

/**
 * The lab's programs. The first call on a machine fetches about 100 MB: make it where no time limit of a single test
 * applies. Throws with the reason where they cannot be had.
 */
export function labTools(): Promise<Tools> {
  ready ??= make();
  return ready;
}
