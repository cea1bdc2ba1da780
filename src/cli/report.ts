/** Prints what a verb answered, in the form that was asked for. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { wantsColor } from "./color.ts";
import type { GlobalOptions, Io, VerbResult } from "./verb.ts";

/** The answer goes to stdout, diagnostics as text to stderr; resolves when everything is handed to the streams. */
export async function report(
  verb: string | undefined,
  result: VerbResult,
  options: GlobalOptions,
  io: Io,
): Promise<void> {
  const diagnostics = await withSpans(result);
  if (options.output === "json") {
    const document = {
      verb: verb ?? null,
      exit_code: result.exitCode,
      diagnostics,
      data: result.data ?? null,
    };
    io.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  for (const d of diagnostics)
    io.stderr.write(
      `${d.severity}[${d.code}] ${d.span?.file}:${d.span?.start.line} ${d.pointer} ${d.message}\n${d.help}\n`,
    );
  void wantsColor;
  if (result.text !== undefined) io.stdout.write(result.text);
}

async function withSpans({ diagnostics, origins }: VerbResult): Promise<readonly Diagnostic[]> {
  if (origins === undefined) return diagnostics;
  return Promise.all(
    diagnostics.map(async (d) => {
      if (d.span !== undefined || d.pointer === undefined) return d;
      const span = await origins.locate(d.pointer, d.part);
      return span === undefined ? d : { ...d, span };
    }),
  );
}
