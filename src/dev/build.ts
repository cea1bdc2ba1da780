/** Builds the package into `lib/`: the program and the public module by esbuild, their types by tsc. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import { build, type Plugin } from "esbuild";
import { packageRoot } from "../core/package.ts";
import { ajvOptions } from "../load/ajv.ts";

const root = packageRoot();
const fresh = join(root, "node_modules", ".cache", `crew-lib-${process.pid}`);
const old = `${fresh}-old`;
const place = join(root, "lib");

/** Loaded where they are used, from node_modules: they bring native programs or are rarely needed. */
const external = ["typescript", "esbuild"];

/** CommonJS packages inside the bundle ask for `require`, which modules do not have. */
const banner = `import { createRequire as crewRequire } from "node:module"; const require = crewRequire(import.meta.url);`;

/** Puts the ready function in place of the module that would let ajv make it (see src/load/ajv.ts). */
const readySchema: Plugin = {
  name: "ready-schema",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]load[\\/]ajv\.ts$/ }, () => {
      const schema = JSON.parse(
        readFileSync(join(root, "schemas", "crew.config.schema.json"), "utf8"),
      ) as object;
      const ajv = new Ajv2020({ ...ajvOptions, code: { source: true, esm: true } });
      const code = standaloneCode.default(ajv, ajv.compile(schema));
      const contents = `${code}\nexport function schemaValidator() { return validate; }\n`;
      return { contents, loader: "js", resolveDir: root };
    });
  },
};

async function bundle(): Promise<void> {
  const shared = {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    legalComments: "none",
    outdir: fresh,
  } as const;
  const entryPoints = { cli: "src/cli/main.ts" };
  const { metafile } = await build({
    ...shared,
    metafile: true,
    entryPoints,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    external,
    plugins: [readySchema],
    banner: { js: banner },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  // One file each: the index is loaded by configs, and a deployment copies the guard away from the package.
  await build({ ...shared, entryPoints: { index: "src/dsl/index.ts", guard: "src/deploy/guard.ts" } });
  const program = join(fresh, "cli.js");
  writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, "utf8")}`);
  chmodSync(program, 0o755);
  writeFileSync(join(fresh, "THIRD-PARTY-LICENSES"), licences(Object.keys(metafile.inputs)));
}

/** The licences of the packages whose code is inside of the bundle. */
function licences(inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} has no licence file`);
    return `${folder.replace("node_modules/", "")}\n\n${readFileSync(join(root, folder, file), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** Declarations of the public module only; nothing of the inside is in the package. */
function declarations(): void {
  const tsc = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  const outDir = join(fresh, "types");
  const { status } = spawnSync(
    process.execPath,
    [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", outDir],
    {
      stdio: "inherit",
    },
  );
  if (status !== 0) throw new Error("tsc cannot make the declarations");
  for (const name of readdirSync(join(outDir, "dsl"))) {
    const file = join(outDir, "dsl", name);
    writeFileSync(file, readFileSync(file, "utf8").replace(/(from "\.\/[^"]*)\.ts"/g, '$1.js"'));
  }
}

try {
  await bundle();
  declarations();
  if (existsSync(place)) renameSync(place, old);
  renameSync(fresh, place);
} finally {
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
}
