/** What esbuild has to know to put a config together. */
import { readFileSync } from "node:fs";
import { dirname, extname, isAbsolute, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";

/** Under this symbol the running script finds what `import "crew"` gives. */
export const dslSymbol = "crew.dsl";

/** The namespace of what stands for the package. */
export const virtualName = "crew-package";

/** Names that stand for what a module knows of itself; `selfKnowledge` gives them their values. */
export const selfNames = {
  "import.meta.url": "__crew_url",
  "import.meta.dirname": "__crew_dirname",
  "import.meta.filename": "__crew_filename",
  __dirname: "__crew_dirname",
  __filename: "__crew_filename",
} as const;

/** `import "crew"` is the package that runs, wherever the config lies and whatever is installed there. */
export function crewPackage(dsl: object): Plugin {
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
export function installedPackages(): Plugin {
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
export function selfKnowledge(prefixes: Map<string, number>): Plugin {
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
