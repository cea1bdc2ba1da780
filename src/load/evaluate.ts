/** Runs a transpiled config: bounded in time, its output kept off stdout, its exits caught. */
import { Script } from "node:vm";
import { dslSymbol } from "./esbuild-plugins.ts";
import { type Plain, toPlain } from "./plain.ts";
import { runModules } from "./run-modules.ts";
import type { ConfigScript, ModuleScripts } from "./transpile.ts";

export type Evaluation =
  | { readonly type: "value"; readonly plain: Plain }
  | { readonly type: "no_default"; readonly exports: readonly string[] }
  | { readonly type: "threw"; readonly error: unknown }
  | { readonly type: "exited"; readonly stack: string }
  | { readonly type: "timeout" };

/** The name of a script that is one for all files in stack traces. */
export const bundleName = "crew:config";

class ConfigExit extends Error {}

/** Runs the script and reads its default export; `limit` in milliseconds. */
export async function evaluate(
  script: ConfigScript,
  entry: string,
  dsl: object,
  limit: number,
): Promise<Evaluation> {
  const globals = globalThis as Record<PropertyKey, unknown>;
  const restore = guardProcess();
  const rejections = catchRejections();
  globals[Symbol.for(dslSymbol)] = dsl;
  try {
    const evaluation =
      script.format === "scripts"
        ? runScripts(script, entry, dsl, limit)
        : await runModule(script.code, limit);
    const lost = await rejections.end();
    return evaluation.type === "value" && lost.length > 0 ? { type: "threw", error: lost[0] } : evaluation;
  } catch (error) {
    if (error instanceof ConfigExit) return { type: "exited", stack: error.stack ?? "" };
    if ((error as { code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      return { type: "timeout" };
    return { type: "threw", error };
  } finally {
    delete globals[Symbol.for(dslSymbol)];
    await rejections.end();
    restore();
  }
}

/** Promises of the config that fail without anybody waiting for them would end the process. */
function catchRejections(): { end(): Promise<readonly unknown[]> } {
  const event = "unhandledRejection";
  const others = process.listeners(event);
  const lost: unknown[] = [];
  const keep = (reason: unknown) => lost.push(reason);
  process.removeAllListeners(event);
  process.on(event, keep);
  let ended = false;
  return {
    async end() {
      if (ended) return lost;
      ended = true;
      // Node tells of them when the current turn of the event loop is over.
      await new Promise(setImmediate);
      process.off(event, keep);
      for (const listener of others) process.on(event, listener);
      return lost;
    },
  };
}

function runScripts(scripts: ModuleScripts, entry: string, dsl: object, limit: number): Evaluation {
  const run = Symbol.for("crew.run");
  const globals = globalThis as Record<PropertyKey, unknown>;
  let evaluation: Evaluation = { type: "timeout" };
  globals[run] = () => {
    evaluation = read(runModules(scripts, entry, dsl));
  };
  try {
    new Script(`globalThis[Symbol.for("crew.run")]()`, { filename: "crew:run" }).runInThisContext({
      timeout: limit,
    });
  } finally {
    delete globals[run];
  }
  return evaluation;
}

/** Node runs modules without a time limit of its own; what awaits for ever is given up, a loop is not. */
async function runModule(code: string, limit: number): Promise<Evaluation> {
  const url = `data:text/javascript;base64,${Buffer.from(`${code}\n//# sourceURL=${bundleName}`).toString("base64")}`;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Evaluation>((done) => {
    timer = setTimeout(() => done({ type: "timeout" }), limit);
  });
  try {
    return await Promise.race([import(url).then((exports: object) => read(exports)), late]);
  } finally {
    clearTimeout(timer);
  }
}

function read(exports: object): Evaluation {
  if (!("default" in exports)) return { type: "no_default", exports: Object.keys(exports) };
  return { type: "value", plain: toPlain(exports.default) };
}

/** While a config runs, what it prints goes to stderr and it cannot end the process. */
function guardProcess(): () => void {
  const { write } = process.stdout;
  const { exit, exitCode } = process;
  const cwd = process.cwd();
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  process.exit = ((): never => {
    throw new ConfigExit("the config called process.exit()");
  }) as typeof process.exit;
  return () => {
    process.stdout.write = write;
    process.exit = exit;
    process.exitCode = exitCode;
    if (process.cwd() !== cwd) process.chdir(cwd);
  };
}
