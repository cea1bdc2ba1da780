/** Where the lab's programs come from. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ToolRoot } from "../../src/phone/process.ts";

/** Debian packages that the lab runs, from the suite of the current engine line. */
export const toolPackages = ["sip-tester", "baresip-core", "asterisk", "tcpdump", "iproute2"] as const;

export interface LabTools extends ToolRoot {
  /** Folder of the root's shared libraries. */
  readonly lib: string;
}

/** The root that `CREW_LAB_ROOT` names. */
export async function labTools(): Promise<LabTools> {
  const root = process.env.CREW_LAB_ROOT;
  if (root === undefined || !existsSync(join(root, "usr/bin/sipp")))
    throw new Error("CREW_LAB_ROOT must name a folder with the unpacked packages of test/lab/tools.ts");
  const lib = join(root, "usr/lib/x86_64-linux-gnu");
  return {
    root,
    lib,
    command: (program, args) => [
      join(root, "usr/lib64/ld-linux-x86-64.so.2"),
      "--argv0",
      program.split("/").at(-1) ?? program,
      "--library-path",
      `${lib}:${join(root, "usr/lib")}`,
      join(root, program),
      ...args,
    ],
  };
}
