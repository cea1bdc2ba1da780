/** What a process said since it was started, for those who must say why it did not start. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import { kamailioProblems } from "../verify/kamailio-log.ts";
import type { Edge } from "./edge.ts";
import { problems } from "./problems.ts";

/** The length of a log now, from which the words of a process that starts now are read. */
export async function logMark(edge: Edge, name: string): Promise<number> {
  return stat(join(edge.paths.log, name)).then(
    (s) => s.size,
    () => 0,
  );
}

/** CREW6010 with the causes that Kamailio logged, else the last lines. */
export async function notStarted(
  edge: Edge,
  program: string,
  name: string,
  reason: string,
  mark: number,
): Promise<Diagnostic> {
  const log = join(edge.paths.log, name);
  const text = await readFrom(log, mark);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const known = program === "Kamailio" ? kamailioProblems(lines).map((p) => p.text) : [];
  return problems.didNotStart(program, reason, log, known.length > 0 ? known.slice(0, 3) : lines.slice(-3));
}

async function readFrom(path: string, from: number): Promise<string> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(64 * 1024);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}
