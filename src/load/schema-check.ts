/** The published JSON Schema against a JSON config: what it says beside the checks of the Model. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorObject } from "ajv";
import type { Diagnostic } from "../core/diagnostic.ts";

const shownProblems = 20;

/** CREW1018 for each place where the document does not follow `schemas/crew.config.schema.json`. */
export async function schemaProblems(value: unknown): Promise<Diagnostic[]> {
  const file = schemaFile();
  if (file === undefined) return [];
  const { Ajv2020 } = await import("./ajv.ts");
  const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false, verbose: false });
  const validate = ajv.compile(JSON.parse(readFileSync(file, "utf8")) as object);
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, shownProblems).map(diagnosticOf);
}

function diagnosticOf(error: ErrorObject): Diagnostic {
  return {
    code: "CREW1018",
    severity: "error",
    pointer: error.instancePath,
    message: `The value does not follow the schema of the config: it ${error.message ?? "is not valid"}.`,
    help: "Compare it with schemas/crew.config.schema.json.",
  };
}

/** The schemas lie beside `lib` in the package and beside `src` in the repository. */
function schemaFile(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < 4; level++) {
    const file = join(folder, "schemas", "crew.config.schema.json");
    if (existsSync(file)) return file;
    folder = dirname(folder);
  }
  return undefined;
}
