/** A warning that a property is not acted on. */
import type { Diagnostic } from "../../../core/diagnostic.ts";
import type { JsonPointer } from "../../../core/pointer.ts";

export function warning(
  code: Diagnostic["code"],
  pointer: JsonPointer,
  message: string,
  help: string,
): Diagnostic {
  return { code, severity: "warning", pointer, message, help };
}
