/** The published JSON Schema against a JSON config: what it says beside the checks of the Model. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Diagnostic } from "../core/diagnostic.ts";
import { packageRoot } from "../core/package.ts";

const shownProblems = 20;

let compiled: Promise<ValidateFunction> | undefined;

/** CREW1018 for each place where the document does not follow `schemas/crew.config.schema.json`. */
export async function schemaProblems(value: unknown): Promise<Diagnostic[]> {
  compiled ??= compile();
  const validate = await compiled;
  return validate(value) ? [] : (validate.errors ?? []).slice(0, shownProblems).map(diagnosticOf);
}

async function compile(): Promise<ValidateFunction> {
  const file = join(packageRoot(), "schemas", "crew.config.schema.json");
  const { schemaValidator } = await import("./ajv.ts");
  return schemaValidator(JSON.parse(readFileSync(file, "utf8")) as object);
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
