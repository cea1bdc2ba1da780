/** Every generated file of the repository with the text that it must have. */
import { edge } from "../../model/schema/edge.ts";
import { trunk } from "../../model/schema/trunk.ts";
import { configSchema } from "./config-schema.ts";
import { diagnosticPages } from "./diagnostic-pages.ts";
import { referencePage } from "./reference/page.ts";
import type { ConfigSchema } from "./reference/properties.ts";
import { type DocumentType, schemasOf } from "./type-schema.ts";
import { printTypes } from "./typescript-types.ts";

const origin = "Generated from src/model/schema by 'npm run gen'";

/** What crew writes for programs to read, by the name of its schema. */
const documents: Readonly<Record<string, DocumentType>> = {
  model: { file: "src/model/model.ts", name: "Model", title: "model.json of a bundle" },
  manifest: { file: "src/bundle/bundle.ts", name: "Manifest", title: "manifest.json of a bundle" },
  "line-map": { file: "src/bundle/line-map.ts", name: "LineMap", title: "line-map.json of a bundle" },
  answer: { file: "src/cli/answer.ts", name: "Answer", title: "What a verb prints with --output json" },
};

/** Path relative to the repository → text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schemas = schemasOf(Object.values(documents));
  const config = configSchema(edge, trunk);
  return new Map([
    ...Object.keys(documents).map((name, i) => [`schemas/${name}.schema.json`, json(schemas[i])] as const),
    [
      "src/dsl/types.generated.ts",
      `/** The config as types. ${origin}; do not edit. */\n\n${printTypes([edge])}\n`,
    ],
    ["src/cli/pages.generated.ts", pagesModule()],
    ["schemas/crew.config.schema.json", json(config)],
    ["schemas/reference.md", referencePage(config as unknown as ConfigSchema)],
  ]);
}

function pagesModule(): string {
  const pages = JSON.stringify(diagnosticPages(), undefined, 2);
  return (
    "/** The pages of `crew explain`. Generated from the sources by 'npm run gen'; do not edit. */\n" +
    'import type { DiagnosticPage } from "./page.ts";\n\n' +
    `export const pages: Readonly<Record<string, DiagnosticPage>> = ${pages};\n`
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
