/**
 * ajv by itself, to be loaded only for JSON configs. The build of the package replaces this module by the function that
 * ajv makes of the schema, since making it takes longer than a small build.
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** How ajv reads the published schema. */
export const ajvOptions = {
  allErrors: false,
  strict: false,
  validateFormats: false,
  verbose: false,
} as const;

/** The function that checks a value against the schema of the config. */
export function schemaValidator(schema: object): ValidateFunction {
  return new Ajv2020(ajvOptions).compile(schema);
}
