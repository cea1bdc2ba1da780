/** Every generated file of the repository with the text that it must have. */
import { edge } from "../../model/schema/edge.ts";
import { trunk } from "../../model/schema/trunk.ts";
import { configSchema } from "./config-schema.ts";
import { diagnosticPages } from "./diagnostic-pages.ts";
import { printTypes } from "./typescript-types.ts";

const origin = "Generated from src/model/schema by 'npm run gen'";

/** Path relative to the repository → text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    [
      "src/dsl/types.generated.ts",
      `/** The config as types. ${origin}; do not edit. */\n\n${printTypes([edge])}\n`,
    ],
    ["src/cli/pages.generated.ts", pagesModule()],
    ["schemas/crew.config.schema.json", `${JSON.stringify(configSchema(edge, trunk), undefined, 2)}\n`],
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
