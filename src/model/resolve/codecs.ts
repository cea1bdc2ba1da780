/** The codecs of a trunk. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { CodecModel } from "../model.ts";
import type { codec as codecSchema } from "../schema/codec.ts";
import type { Report } from "./report.ts";

/** In order of preference: by priority, else as written. */
export function resolveCodecs(
  draft: readonly z.output<typeof codecSchema>[] | undefined,
  at: JsonPointer,
  report: Report,
): CodecModel[] {
  if (draft === undefined) return (["PCMU", "PCMA", "opus"] as const).map((name) => ({ at, name }));
  const ranked = draft.map((codec, i) => ({ ...codec, at: join(at, i), rank: codec.priority ?? i + 1 }));
  for (const [i, codec] of ranked.entries()) {
    const sameName = ranked.slice(0, i).find((c) => c.name === codec.name);
    const samePriority = ranked
      .slice(0, i)
      .find((c) => c.priority !== undefined && c.priority === codec.priority);
    if (sameName !== undefined)
      report({
        code: "CREW2111",
        severity: "error",
        pointer: join(codec.at, "name"),
        message: `Codec ${codec.name} stands in the list twice.`,
        related: [{ pointer: sameName.at, label: "first here" }],
        help: "Remove one of them.",
      });
    if (samePriority !== undefined)
      report({
        code: "CREW2112",
        severity: "error",
        pointer: join(codec.at, "priority"),
        message: `Priority ${codec.priority} is given to ${samePriority.name} and to ${codec.name}.`,
        related: [{ pointer: join(samePriority.at, "priority"), label: `given to ${samePriority.name}` }],
        help: "Give each codec its own number; the lowest is offered first.",
      });
    if (codec.sample_rate !== undefined && codec.name !== "opus")
      report({
        code: "CREW2117",
        severity: "error",
        pointer: join(codec.at, "sample_rate"),
        message: `${codec.name} has one fixed sample rate; only opus takes 'sample_rate'.`,
        help: "Remove 'sample_rate'.",
      });
  }
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .map(({ at: place, name, sample_rate }) => ({
      at: place,
      name,
      ...(sample_rate === undefined ? {} : { sample_rate }),
    }));
}
