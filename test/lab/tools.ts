/** Where the lab's programs come from: private roots of Debian packages, made on first use. */
import { join } from "node:path";
import { engineLine } from "../../src/engine/lines.ts";
import { ensureRoot, rootOptions } from "../../src/host/private-root.ts";
import type { RootSpec } from "../../src/host/root-spec.ts";
import { rootPrograms } from "../../src/host/runtime.ts";
import type { Tools } from "../../src/phone/process.ts";

/** Only maintainer scripts and modules that no lab loads want these. */
const without = [
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
];

/** What the lab runs, from the suite of the current engine line. */
export const toolSpec: RootSpec = {
  name: "tools",
  suite: engineLine("6.1").debian.suite,
  packages: ["sip-tester", "baresip-core", "asterisk", "tcpdump", "iproute2", "openssl"],
  without,
};

/** The last Asterisk of Debian that has chan_sip: 16, of Debian 11. */
export const asterisk16Spec: RootSpec = {
  name: "asterisk-16",
  suite: "bullseye",
  packages: ["asterisk"],
  without,
};

/** The library that gives a program another clock; of the current line's suite, whose C library it needs. */
export const faketimeSpec: RootSpec = {
  name: "faketime",
  suite: engineLine("6.1").debian.suite,
  packages: ["faketime"],
  without,
};

async function make(spec: RootSpec): Promise<Tools> {
  const { value, diagnostics } = await ensureRoot(spec, rootOptions(process.env));
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.message} ${d.help ?? ""}`).join("\n"));
  const programs = await rootPrograms(value);
  return { ...programs, root: value.root, libraries: join(value.root, "usr/lib", value.manifest.triplet) };
}

let tools: Promise<Tools> | undefined;
let asterisk16: Promise<Tools> | undefined;
let faketime: Promise<Tools> | undefined;

/**
 * The lab's programs. The first call on a machine fetches about 100 MB: make it where no time limit of a single test
 * applies. Throws with the reason where they cannot be had.
 */
export function labTools(): Promise<Tools> {
  tools ??= make(toolSpec);
  return tools;
}

/** Asterisk 16. The first call on a machine fetches about 60 MB. */
export function asterisk16Tools(): Promise<Tools> {
  asterisk16 ??= make(asterisk16Spec).then((made) => ({
    ...made,
    command: (program, args) => {
      const command = made.command(program, args);
      // The loader of glibc 2.31 does not know the option yet (it came with 2.33).
      const at = command.args.indexOf("--argv0");
      return { ...command, args: command.args.filter((_, i) => i !== at && i !== at + 1) };
    },
  }));
  return asterisk16;
}

/** What a program of the current line needs in its environment so that its clock starts at a time (seconds since 1970). */
export async function clockFrom(time: number): Promise<Readonly<Record<string, string>>> {
  faketime ??= make(faketimeSpec);
  const { libraries } = await faketime;
  return {
    LD_PRELOAD: join(libraries, "faketime/libfaketime.so.1"),
    FAKETIME: `@${new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ")}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}
