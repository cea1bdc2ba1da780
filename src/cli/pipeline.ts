/** The compiler from end to end, as every verb that reads a config uses it. */
import { type Bundle, buildBundle } from "../bundle/bundle.ts";
import { runChecks, runChecksBeside } from "../checks/index.ts";
import { type Diagnostic, hasErrors } from "../core/diagnostic.ts";
import { packageVersion } from "../core/package.ts";
import { type Loaded, loadConfig } from "../load/load.ts";
import type { EngineLine, Model } from "../model/model.ts";
import { parseConfig } from "../model/parse.ts";
import { targets } from "../targets/registry.ts";
import type { Io } from "./verb.ts";

export interface CompileOptions {
  /** Overrides the engine line of the config. */
  readonly engine?: EngineLine | undefined;
}

/** How far the compiler came; each value is there where no error stood before it. */
export interface Compiled {
  readonly loaded?: Loaded;
  readonly model?: Model;
  /** Absent where there is any error at all. */
  readonly bundle?: Bundle;
  /** Of all stages, each problem once. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Config → Draft → Model → checks → Bundle. Every stage that can still say something useful runs, so that one run
 * names all problems.
 *
 * @param configPath relative to `io.cwd`; without it the default names are looked for there.
 */
export async function compile(
  configPath: string | undefined,
  io: Pick<Io, "cwd">,
  options: CompileOptions = {},
): Promise<Compiled> {
  const draft = await loadConfig(configPath, io.cwd);
  const loaded = draft.value;
  if (loaded === undefined) return { diagnostics: draft.diagnostics };
  const parsed = parseConfig(
    withoutSchemaKey(loaded),
    options.engine === undefined ? {} : { engine: options.engine },
  );
  const model = parsed.value;
  const schema = hasErrors(parsed.diagnostics) ? [] : await loaded.checkSchema();
  const soFar = [...draft.diagnostics, ...parsed.diagnostics, ...schema];
  if (model === undefined) {
    const beside = parsed.incomplete === undefined ? [] : runChecksBeside(parsed.incomplete);
    return { loaded, diagnostics: [...soFar, ...beside] };
  }
  const bundle = buildBundle(model, targets, packageVersion());
  const diagnostics = [...soFar, ...runChecks(model), ...bundle.diagnostics];
  if (bundle.value === undefined || hasErrors(diagnostics)) return { loaded, model, diagnostics };
  return { loaded, model, bundle: bundle.value, diagnostics };
}

/** `$schema` in a JSON config speaks to editors only. */
function withoutSchemaKey({ format, value }: Loaded): unknown {
  if (format !== "json" || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { $schema: _, ...rest } = value as { readonly $schema?: unknown };
  return rest;
}
