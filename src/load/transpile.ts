/** One script from a TypeScript config and everything it imports, by esbuild: types are dropped, never checked. */
import { createRequire } from "node:module";
import { dirname, resolve, sep } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { ok, type Result } from "../core/result.ts";
import { crewPackage, installedPackages, selfKnowledge, selfNames, virtualName } from "./esbuild-plugins.ts";
import { duplicates, isBuildFailure, problems } from "./esbuild-problems.ts";

export interface ConfigScript {
  /** `module` only where the config awaits at its top level; such a script cannot be stopped in a loop. */
  readonly format: "script" | "module";
  readonly code: string;
  /** Source map as JSON, its sources absolute. */
  readonly map: string;
  /** Absolute paths of the files that make up the config, the entry first. */
  readonly files: readonly string[];
  /** File and specifier, joined by a newline, to the file that is imported. */
  readonly imports: ReadonlyMap<string, string>;
  /** Characters put before the first line of a file; the source map counts them. */
  readonly prefixes: ReadonlyMap<string, number>;
}

/**
 * Transpiles the entry; problems come back as CREW1005 (syntax) and CREW1006 (imports), and with the script as CREW1017
 * (properties that are given twice).
 */
export async function transpile(entry: string, cwd: string, dsl: object): Promise<Result<ConfigScript>> {
  // Asked for by `require`: an import would first search its CommonJS text for names to export.
  const { build } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const prefixes = new Map<string, number>();
  const bundle = (format: ConfigScript["format"], ...more: Plugin[]) =>
    build(buildOptions(entry, cwd, format, [crewPackage(dsl), installedPackages(), ...more]));
  const attempt = async (format: ConfigScript["format"]): Promise<Result<ConfigScript>> => {
    const plain = await bundle(format);
    // Most configs ask nothing of themselves; only the others are worth reading every file twice.
    const result = asksItself.test(plain.outputFiles?.find((f) => f.path.endsWith(".js"))?.text ?? "")
      ? await bundle(format, selfKnowledge(prefixes))
      : plain;
    const inputs = result.metafile?.inputs ?? {};
    const absolute = (name: string) => resolve(cwd, name);
    const names = Object.keys(inputs).filter((name) => !name.startsWith(`${virtualName}:`));
    const imports = new Map(
      names.flatMap((name) =>
        (inputs[name]?.imports ?? []).flatMap((i) =>
          i.original === undefined
            ? []
            : [
                [
                  `${absolute(name)}\n${i.original}`,
                  i.external === true ? i.path : absolute(i.path),
                ] as const,
              ],
        ),
      ),
    );
    const text = (end: string) => result.outputFiles?.find((f) => f.path.endsWith(end))?.text ?? "";
    const files = names
      .map(absolute)
      .sort((a, b) => Number(b === entry) - Number(a === entry) || (a < b ? -1 : 1));
    const script = { format, code: text(".js"), map: text(".map"), files, imports, prefixes };
    return ok(script, duplicates(plain.warnings, cwd));
  };
  try {
    return await attempt("script");
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    if (!error.errors.some((e) => e.text.startsWith("Top-level await")))
      return { diagnostics: problems(error, entry, cwd) };
  }
  try {
    return await attempt("module");
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return { diagnostics: problems(error, entry, cwd) };
  }
}

const asksItself = /\b__crew_(?:url|dirname|filename)\b/;

function buildOptions(
  entry: string,
  cwd: string,
  format: ConfigScript["format"],
  plugins: Plugin[],
): BuildOptions {
  return {
    entryPoints: [entry],
    absWorkingDir: cwd,
    outfile: `${dirname(entry)}${sep}crew.config.loaded.js`,
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: format === "script" ? "cjs" : "esm",
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    logLevel: "silent",
    logLimit: 0,
    legalComments: "none",
    charset: "utf8",
    treeShaking: false,
    loader: { ".csv": "text", ".txt": "text" },
    define: selfNames,
    plugins,
  };
}
