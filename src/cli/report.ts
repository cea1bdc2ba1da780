/** Prints what a verb answered, in the form that was asked for. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { packageVersion } from "../core/package.ts";
import { wantsColor } from "./color.ts";
import type { GlobalOptions, Io, VerbResult } from "./verb.ts";

/** The answer goes to stdout; diagnostics go to stderr as text, to stdout in the forms that programs read. */
export async function report(
  verb: string | undefined,
  result: VerbResult,
  options: GlobalOptions,
  io: Io,
): Promise<void> {
  const { data, exitCode, text = "" } = result;
  if (result.diagnostics.length === 0 && options.output === "text") {
    io.stdout.write(text);
    return;
  }
  const { resolveSpans } = await import("./reporters/located.ts");
  const origins = needsPlaces(result, options) ? result.origins : undefined;
  const diagnostics = await resolveSpans(result.diagnostics, origins);
  switch (options.output) {
    case "json": {
      const { renderJson } = await import("./reporters/json.ts");
      io.stdout.write(renderJson({ verb: verb ?? null, exitCode, diagnostics, data }));
      return;
    }
    case "github": {
      const { renderGithub } = await import("./reporters/github.ts");
      io.stdout.write(renderGithub(diagnostics));
      return;
    }
    case "sarif": {
      const { renderSarif } = await import("./reporters/sarif.ts");
      io.stdout.write(renderSarif(diagnostics, packageVersion()));
      return;
    }
    case "text": {
      const { renderText } = await import("./reporters/text.ts");
      const color = wantsColor(options.color, io.env, io.stderr);
      io.stderr.write(
        renderText(diagnostics, { color, source: (file) => readSource(resolve(io.cwd, file)) }),
      );
      io.stdout.write(text);
    }
  }
}

/** Finding places costs more time than a whole build, and what concerns the whole config needs none. */
function needsPlaces({ diagnostics }: VerbResult, { output }: GlobalOptions): boolean {
  return output !== "text" || diagnostics.some((d) => d.severity !== "info" || (d.pointer ?? "") !== "");
}

/** A source that cannot be read costs its code frame, not the message. */
function readSource(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
