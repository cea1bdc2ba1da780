/** Renders the templates under `templates/`: Handlebars, strict, known helpers only, nothing escaped a second time. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import type { JsonPointer } from "../../core/pointer.ts";
import type { Context } from "./escaped.ts";

/** Rendered text, and for each line the config property that `{{at …}}` named on it. */
export interface Rendered {
  readonly text: string;
  /** Index 0 is line 1; as many entries as the text has lines. */
  readonly lines: readonly (JsonPointer | undefined)[];
}

type Template = (context: unknown, options: { readonly data: { readonly origins: JsonPointer[] } }) => string;

const engine = Handlebars.create();
const templates = new Map<string, Template>();
const folders = new Set<string>();
let root: string | undefined;

/** The package's `templates/` folder: beside the nearest package.json above this file, be it source or bundled. */
function templatesRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const up = dirname(folder);
    if (up === folder) throw new Error("no package.json above the program: the installation is damaged");
    folder = up;
  }
  root = join(folder, "templates");
  return root;
}

// A NUL cannot come from any escaper, so a mark is never confused with text.
engine.registerHelper(
  "at",
  (origin: { readonly origin: JsonPointer } | undefined, options: Handlebars.HelperOptions) => {
    if (origin === undefined) return "";
    const origins: JsonPointer[] = options.data.origins;
    return `\0${origins.push(origin.origin) - 1}\0`;
  },
);

function template(name: string): Template {
  const known = templates.get(name);
  if (known !== undefined) return known;
  const [folder = ""] = name.split("/");
  if (!folders.has(folder)) {
    registerPartials(folder);
    folders.add(folder);
  }
  const text = readFileSync(join(templatesRoot(), `${name}.hbs`), "utf8");
  const compiled = engine.compile(text, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { at: true },
    preventIndent: true,
  }) as Template;
  templates.set(name, compiled);
  return compiled;
}

/** Every template of a target's folder is a partial too: `{{> kamailio/feature}}`. */
function registerPartials(folder: string): void {
  for (const file of readdirSync(join(templatesRoot(), folder), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".hbs")) continue;
    const name = `${folder}/${file.slice(0, -4).replaceAll("\\", "/")}`;
    engine.registerPartial(name, readFileSync(join(templatesRoot(), `${name}.hbs`), "utf8"));
  }
}

/**
 * Renders `templates/<name>.hbs`. `G` is the grammar of the artifact: only text escaped for it type-checks.
 * `{{at origin}}` puts the config property of an `Origin` into the line map and prints nothing; on a line that has
 * several, the first counts. A name that the context lacks throws; optional ones are tested with `{{#if}}`.
 */
export function render<G extends string>(name: string, context: Context<G>): Rendered {
  const origins: JsonPointer[] = [];
  const marked = template(name)(context, { data: { origins } });
  const lines: (JsonPointer | undefined)[] = [];
  const clean: string[] = [];
  for (const line of marked.split("\n")) {
    const first = /\0(\d+)\0/.exec(line);
    lines.push(first === null ? undefined : origins[Number(first[1])]);
    clean.push(first === null ? line : line.replaceAll(/\0\d+\0/g, ""));
  }
  if (clean.at(-1) === "") lines.pop();
  return { text: clean.join("\n"), lines };
}
