/** Scripts from a TypeScript config and everything it imports, by esbuild: types are dropped, never checked. */
import { createRequire } from "node:module";
import { dirname, extname, resolve, sep } from "node:path";
import type { BuildOptions, BuildResult, Plugin } from "esbuild";
import { ok, type Result } from "../core/result.ts";
import { crewPackage, installedPackages, selfKnowledge, selfNames, virtualName } from "./esbuild-plugins.ts";
import { duplicates, isBuildFailure, problems } from "./esbuild-problems.ts";

export interface Script {
  readonly code: string;
  /** Source map as JSON. */
  readonly map: string;
}

interface Files {
  /** Absolute paths of the files that make up the config, the entry first. */
  readonly files: readonly string[];
  /** File and specifier, joined by a newline, to the file that is imported. */
  readonly imports: ReadonlyMap<string, string>;
}

/** One script for each file, so that each runs as its author sees it: a bundle would have all its `const` be `var`. */
export interface ModuleScripts extends Files {
  readonly format: "scripts";
  /** By absolute path; data files have none. */
  readonly scripts: ReadonlyMap<string, Script>;
}

/** One script for all, where the config awaits at its top level; such a script cannot be stopped in a loop. */
export interface BundledScript extends Files, Script {
  readonly format: "bundle";
  /** Characters put before the first line of a file; the source map counts them. */
  readonly prefixes: ReadonlyMap<string, number>;
}

export type ConfigScript = ModuleScripts | BundledScript;

/**
 * Transpiles the entry; problems come back as CREW1005 (syntax) and CREW1006 (imports), and with the script as CREW1017
 * (properties that are given twice).
 */
export async function transpile(entry: string, cwd: string, dsl: object): Promise<Result<ConfigScript>> {
  // Asked for by `require`: an import would first search its CommonJS text for names to export.
  const { build } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const plugins = [crewPackage(dsl), installedPackages()];
  const scripts = async (): Promise<Result<ConfigScript>> => {
    const graph = await build({ ...bundleOptions(entry, cwd, "cjs", plugins), sourcemap: false });
    const found = filesOf(graph, entry, cwd);
    const code = found.files.filter((file) => !isData(file));
    const compiled = await build(moduleOptions(code, entry, cwd));
    const script = { format: "scripts", ...found, scripts: scriptsOf(compiled, cwd) } as const;
    return ok(script, duplicates(graph.warnings, cwd));
  };
  const bundle = async (): Promise<Result<ConfigScript>> => {
    const prefixes = new Map<string, number>();
    const plain = await build(bundleOptions(entry, cwd, "esm", plugins));
    // Most configs ask nothing of themselves; only the others are worth reading every file twice.
    const result = asksItself.test(output(plain, ".js"))
      ? await build(bundleOptions(entry, cwd, "esm", [...plugins, selfKnowledge(prefixes)]))
      : plain;
    const script = { code: output(result, ".js"), map: output(result, ".map"), prefixes };
    return ok(
      { format: "bundle", ...filesOf(result, entry, cwd), ...script },
      duplicates(plain.warnings, cwd),
    );
  };
  try {
    return await scripts();
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    if (!error.errors.some((e) => e.text.startsWith("Top-level await")))
      return { diagnostics: problems(error, entry, cwd) };
  }
  try {
    return await bundle();
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return { diagnostics: problems(error, entry, cwd) };
  }
}

/** Files that are read as they are; everything else is code. */
export function isData(file: string): boolean {
  return [".json", ".csv", ".txt"].includes(extname(file));
}

const asksItself = /\b__crew_(?:url|dirname|filename)\b/;

function filesOf({ metafile }: BuildResult, entry: string, cwd: string): Files {
  const inputs = metafile?.inputs ?? {};
  const absolute = (name: string) => resolve(cwd, name);
  const names = Object.keys(inputs).filter((name) => !name.startsWith(`${virtualName}:`));
  const imports = new Map(
    names.flatMap((name) =>
      (inputs[name]?.imports ?? []).flatMap((i) =>
        i.original === undefined
          ? []
          : [[`${absolute(name)}\n${i.original}`, i.external === true ? i.path : absolute(i.path)] as const],
      ),
    ),
  );
  const files = names
    .map(absolute)
    .sort((a, b) => Number(b === entry) - Number(a === entry) || (a < b ? -1 : 1));
  return { files, imports };
}

function scriptsOf({ metafile, outputFiles = [] }: BuildResult, cwd: string): Map<string, Script> {
  const texts = new Map(outputFiles.map((f) => [f.path, f]));
  return new Map(
    Object.entries(metafile?.outputs ?? {}).flatMap(([name, { entryPoint }]) => {
      const place = resolve(cwd, name);
      const code = texts.get(place)?.text;
      if (entryPoint === undefined || code === undefined) return [];
      return [[resolve(cwd, entryPoint), { code, map: texts.get(`${place}.map`)?.text ?? "" }] as const];
    }),
  );
}

function output({ outputFiles = [] }: BuildResult, end: string): string {
  return outputFiles.find((f) => f.path.endsWith(end))?.text ?? "";
}

const common = {
  write: false,
  platform: "node",
  target: "node20",
  sourcemap: "external",
  sourcesContent: false,
  metafile: true,
  logLevel: "silent",
  logLimit: 0,
  legalComments: "none",
  charset: "utf8",
  define: selfNames,
} as const satisfies BuildOptions;

function bundleOptions(entry: string, cwd: string, format: "cjs" | "esm", plugins: Plugin[]): BuildOptions {
  return {
    ...common,
    entryPoints: [entry],
    absWorkingDir: cwd,
    outfile: `${dirname(entry)}${sep}crew.config.loaded.js`,
    bundle: true,
    format,
    treeShaking: false,
    loader: { ".csv": "text", ".txt": "text" },
    plugins,
  };
}

function moduleOptions(files: readonly string[], entry: string, cwd: string): BuildOptions {
  return {
    ...common,
    entryPoints: [...files],
    absWorkingDir: cwd,
    outdir: `${dirname(entry)}${sep}crew.config.loaded`,
    outbase: dirname(entry),
    format: "cjs",
    // What is imported on the way is a file of the config like any other.
    supported: { "dynamic-import": false },
  };
}
