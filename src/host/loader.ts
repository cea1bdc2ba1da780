/** Starts programs of a private root with the root's own dynamic loader and libraries (ld.so(8)). */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { must } from "../core/assert.ts";
import { libraryDirectories } from "./unpack.ts";

const loaders: Readonly<Record<string, string>> = {
  "x86_64-linux-gnu": "ld-linux-x86-64.so.2",
  "aarch64-linux-gnu": "ld-linux-aarch64.so.1",
};

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * How to start a program, given by its path in the root (`usr/sbin/kamailio`). `finalRoot` is where the root will
 * lie when the command runs. The loader is the file in the library folder: the link in lib64 may point out of the root.
 */
export async function loaderCommand(
  root: string,
  triplet: string,
  finalRoot: string = root,
): Promise<(program: string) => { readonly file: string; readonly args: readonly string[] }> {
  const loader = join("usr/lib", triplet, must(loaders[triplet], `loader of ${triplet}`));
  // a root without the C library holds scripts and data alone
  if (!(await exists(join(root, loader)))) return (program) => ({ file: join(finalRoot, program), args: [] });
  const libraries = (await libraryDirectories(root, triplet))
    .map((d) => finalRoot + d.slice(root.length))
    .join(":");
  return (program) => ({
    file: join(finalRoot, loader),
    args: ["--argv0", basename(program), "--library-path", libraries, join(finalRoot, program)],
  });
}
