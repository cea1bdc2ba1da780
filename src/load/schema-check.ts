/** The published JSON Schema against a JSON config: what it says beside the checks of the Model. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorObject } from "ajv";
import type { Diagnostic } from "../core/diagnostic.ts";
import { packageRoot } from "../core/package.ts";

const shownProblems = 20;

/** CREW1018 for each place where the document does not follow `schemas/crew.config.schema.json`. */
export async function schemaProblems(value: unknown): Promise<Diagnostic[]> {
  const file = join(packageRoot(), "schemas", "crew.config.schema.json");
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
