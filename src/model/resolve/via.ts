/** References to trunks by their crew_id. */
import type { JsonPointer } from "../../core/pointer.ts";
import { suggest } from "../../core/suggest.ts";
import type { Report } from "./report.ts";

/** Whether the edge has the trunk; one that it has not is reported. */
export function knowsTrunk(id: string, trunks: readonly string[], at: JsonPointer, report: Report): boolean {
  if (trunks.includes(id)) return true;
  const nearest = suggest(id, trunks);
  report({
    code: "CREW2118",
    severity: "error",
    pointer: at,
    message: `The edge has no trunk '${id}'.`,
    why: "'via' names the trunk that carries a call by its crew_id.",
    help:
      nearest === undefined
        ? `Known: ${trunks.slice(0, 10).join(", ")}${trunks.length > 10 ? ` and ${trunks.length - 10} more` : ""}.`
        : `Did you mean '${nearest}'?`,
    ...(nearest === undefined
      ? {}
      : {
          fix: {
            applicability: "unsafe" as const,
            title: `Write '${nearest}'`,
            replacement: JSON.stringify(nearest),
          },
        }),
  });
  return false;
}
