/** One script from a TypeScript config and everything it imports, by esbuild: types are dropped, never checked. */
import { readFileSync } from "node:fs";
import { dirname, extname, isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, BuildOptions, Message, Plugin } from "esbuild";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Span } from "../core/span.ts";
import { displayPath, fileSpan } from "./place.ts";

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

/** Under this symbol the running script finds what `import "crew"` gives. */
export const dslSymbol = "crew.dsl";

const virtualName = "crew-package";

/** Transpiles the entry; problems come back as CREW1005 (syntax) and CREW1006 (imports). */
export async function transpile(
  entry: string,
  cwd: string,
  dsl: object,
): Promise<{ readonly script?: ConfigScript; readonly diagnostics: readonly Diagnostic[] }> {
  const { build } = await import("esbuild");
  const prefixes = new Map<string, number>();
  const attempt = async (format: ConfigScript["format"]): Promise<ConfigScript> => {
    const result = await build(
      buildOptions(entry, cwd, format, [crewPackage(dsl), installedPackages(), selfKnowledge(prefixes)]),
    );
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
    return { format, code: text(".js"), map: text(".map"), files, imports, prefixes };
  };
  try {
    return { script: await attempt("script"), diagnostics: [] };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    if (!error.errors.some((e) => e.text.startsWith("Top-level await")))
      return { diagnostics: problems(error, entry, cwd) };
  }
  try {
    return { script: await attempt("module"), diagnostics: [] };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return { diagnostics: problems(error, entry, cwd) };
  }
}

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
    define: {
      "import.meta.url": "__crew_url",
      "import.meta.dirname": "__crew_dirname",
      "import.meta.filename": "__crew_filename",
      __dirname: "__crew_dirname",
      __filename: "__crew_filename",
    },
    plugins,
  };
}

/** `import "crew"` is the package that runs, wherever the config lies and whatever is installed there. */
function crewPackage(dsl: object): Plugin {
  const names = Object.keys(dsl).filter((n) => n !== "default");
  const contents = [
    `const dsl = globalThis[Symbol.for("${dslSymbol}")];`,
    ...names.map((name) => `export const ${name} = dsl.${name};`),
  ].join("\n");
  return {
    name: "crew-package",
    setup(build) {
      build.onResolve({ filter: /^crew$/ }, () => ({ path: "crew", namespace: virtualName }));
      build.onLoad({ filter: /.*/, namespace: virtualName }, () => ({ contents, loader: "js" }));
    },
  };
}

/** Installed packages run as they are; packages of the same workspace are part of the config. */
function installedPackages(): Plugin {
  return {
    name: "installed-packages",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async (args) => {
        if (args.pluginData === virtualName || args.kind === "entry-point" || isAbsolute(args.path))
          return undefined;
        const found = await build.resolve(args.path, {
          kind: args.kind,
          importer: args.importer,
          resolveDir: args.resolveDir,
          namespace: args.namespace,
          pluginData: virtualName,
        });
        if (found.errors.length > 0) return undefined;
        const installed =
          found.path.includes(`${sep}node_modules${sep}`) && !/\.(?:[cm]?ts|json)$/.test(found.path);
        if (!installed) return found;
        const path = build.initialOptions.format === "esm" ? pathToFileURL(found.path).href : found.path;
        return { path, external: true };
      });
    },
  };
}

/** Gives the files that ask for it their own name; after bundling they would see that of the bundle. */
function selfKnowledge(prefixes: Map<string, number>): Plugin {
  return {
    name: "self-knowledge",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (!/import\.meta|__dirname|__filename/.test(text) || text.startsWith("#!")) return undefined;
        const prefix =
          `const __crew_url = ${JSON.stringify(pathToFileURL(path).href)}, ` +
          `__crew_dirname = ${JSON.stringify(dirname(path))}, __crew_filename = ${JSON.stringify(path)}; `;
        prefixes.set(path, prefix.length);
        return { contents: prefix + text, loader: extname(path).includes("ts") ? "ts" : "js" };
      });
    },
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);
}

function problems(failure: BuildFailure, entry: string, cwd: string): Diagnostic[] {
  return failure.errors.map((message) => {
    const unresolved = /^Could not resolve "(.*)"$/.exec(message.text)?.[1];
    const noExport = /^No matching export in "(.*)" for import "(.*)"$/.exec(message.text);
    const span = message.location === null ? fileSpan(displayPath(entry, cwd)) : spanOf(message, cwd);
    if (unresolved !== undefined)
      return {
        code: "CREW1006",
        severity: "error",
        span,
        message: `The import '${unresolved}' cannot be found.`,
        help: /^[./]/.test(unresolved)
          ? "Check the path; it counts from the folder of the importing file."
          : `Install the package ('npm install ${unresolved
              .split("/")
              .slice(0, unresolved.startsWith("@") ? 2 : 1)
              .join("/")}'), or write './${unresolved}' for a file of your own.`,
      };
    if (noExport !== null)
      return {
        code: "CREW1006",
        severity: "error",
        span,
        message: `'${noExport[1]?.startsWith(virtualName) ? "crew" : noExport[1]}' exports no '${noExport[2]}'.`,
      };
    return {
      code: "CREW1005",
      severity: "error",
      span,
      message: `The config cannot be read: ${message.text.replace(/\.$/, "")}.`,
    };
  });
}

/** esbuild counts columns in bytes of UTF-8, from 0. */
function spanOf({ location }: Message, cwd: string): Span {
  const { file, line, column, length, lineText } = location ?? {
    file: "",
    line: 1,
    column: 0,
    length: 0,
    lineText: "",
  };
  const bytes = Buffer.from(lineText);
  const from = bytes.subarray(0, column).toString().length;
  const to = bytes.subarray(0, column + length).toString().length;
  const path = resolve(cwd, file);
  let lineStart = 0;
  try {
    const text = readFileSync(path, "utf8");
    for (let i = 1; i < line; i++) lineStart = text.indexOf("\n", lineStart) + 1;
  } catch {
    lineStart = 0;
  }
  const shown = displayPath(relative(cwd, path).startsWith("..") ? path : relative(cwd, path), cwd);
  return {
    file: shown,
    start: { line, column: from + 1, offset: lineStart + from },
    end: { line, column: to + 1, offset: lineStart + to },
  };
}
