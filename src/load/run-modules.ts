/** Runs the files of a config, each as a CommonJS module of its own (esbuild has made `require` of `import`). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { isData, type ModuleScripts } from "./transpile.ts";

/** Before the number of the file, the name of its script in stack traces. */
export const scriptName = "crew:config/";

/** What stands before the code on its first line; modules are strict, and what may be CommonJS need not be. */
export function opening(file: string): string {
  const strict = /\.c?js$|\.cts$/.test(file) ? "" : '"use strict";';
  return `(function (exports, require, module, __crew_url, __crew_dirname, __crew_filename) {${strict}`;
}

type Factory = (
  exports: unknown,
  require: (specifier: string) => unknown,
  module: Module,
  url: string,
  folder: string,
  file: string,
) => void;

interface Module {
  exports: unknown;
}

/** The exports of the entry. Throws what the config throws. */
export function runModules({ files, scripts, imports }: ModuleScripts, entry: string, dsl: object): object {
  const modules = new Map<string, Module>();
  const load = (file: string): unknown => {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const code = scripts.get(file)?.code;
    const module: Module = { exports: code === undefined ? data(file) : {} };
    modules.set(file, module);
    if (code === undefined) return module.exports;
    const installed = createRequire(file);
    const require = (specifier: string): unknown => {
      if (specifier === "crew") return dsl;
      const found = imports.get(`${file}\n${specifier}`) ?? specifier;
      return files.includes(found) ? load(found) : installed(found);
    };
    const factory = new Script(`${opening(file)}${withoutHashbang(code)}\n})`, {
      filename: `${scriptName}${files.indexOf(file)}`,
    }).runInThisContext() as Factory;
    factory(module.exports, require, module, pathToFileURL(file).href, dirname(file), file);
    return module.exports;
  };
  return load(entry) as object;
}

function data(file: string): unknown {
  if (!isData(file)) return {};
  const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
  return extname(file) === ".json" ? JSON.parse(text) : text;
}

function withoutHashbang(code: string): string {
  return code.startsWith("#!") ? `//${code.slice(2)}` : code;
}
