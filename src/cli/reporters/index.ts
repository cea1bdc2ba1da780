/** What a verb answered, as what goes to stdout and what goes to stderr. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { GlobalOptions, VerbResult } from "../verb.ts";
import { resolveSpans } from "./located.ts";

export interface Surroundings {
  /** Files of spans are relative to it. */
  readonly cwd: string;
  /** Of crew. */
  readonly version: string;
  /** Whether stderr takes colour. */
  readonly color: boolean;
}

export interface Rendered {
  readonly stdout: string;
  readonly stderr: string;
}

/** In the machine formats everything is one document on stdout; as text the diagnostics go to stderr. */
export async function renderAnswer(
  verb: string | undefined,
  result: VerbResult,
  output: GlobalOptions["output"],
  { cwd, version, color }: Surroundings,
): Promise<Rendered> {
  const diagnostics = await resolveSpans(result.diagnostics, result.origins);
  switch (output) {
    case "json": {
      const { renderJson } = await import("./json.ts");
      const document = { verb: verb ?? null, exitCode: result.exitCode, diagnostics, data: result.data };
      return { stdout: renderJson(document), stderr: "" };
    }
    case "github": {
      const { renderGithub } = await import("./github.ts");
      return { stdout: renderGithub(diagnostics) + (result.text ?? ""), stderr: "" };
    }
    case "sarif": {
      const { renderSarif } = await import("./sarif.ts");
      return { stdout: renderSarif(diagnostics, version), stderr: "" };
    }
    case "text": {
      const text = result.text ?? "";
      if (diagnostics.length === 0) return { stdout: text, stderr: "" };
      const { renderText } = await import("./text.ts");
      return { stdout: text, stderr: renderText(diagnostics, { color, source: reader(cwd) }) };
    }
  }
}

/** Reads each file once. */
function reader(cwd: string): (file: string) => string | undefined {
  const texts = new Map<string, string | undefined>();
  return (file) => {
    if (!texts.has(file)) texts.set(file, read(resolve(cwd, file)));
    return texts.get(file);
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch {
    return undefined;
  }
}
