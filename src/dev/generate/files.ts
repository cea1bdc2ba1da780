/** Every generated file of the repository with the text that it must have. */
import { edge } from "../../model/schema/edge.ts";
import { trunk } from "../../model/schema/trunk.ts";
import { configSchema } from "./config-schema.ts";
import { printTypes } from "./typescript-types.ts";

const origin = "Generated from src/model/schema by 'npm run gen'";

/** Path relative to the repository → text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    [
      "src/dsl/types.generated.ts",
      `/** The config as types. ${origin}; do not edit. */\n\n${printTypes([edge])}\n`,
    ],
    ["schemas/crew.config.schema.json", `${JSON.stringify(configSchema(edge, trunk), undefined, 2)}\n`],
  ]);
}
