/** Fetches what the tests run before any test's clock starts: the tools of the lab and the engines of all lines. */
import { engineLines } from "../src/engine/lines.ts";
import { labEngine } from "./lab/edge.ts";
import { asterisk16Tools, clockFrom, labTools } from "./lab/tools.ts";

export async function setup(): Promise<void> {
  await labTools();
  await asterisk16Tools();
  await clockFrom(0);
  for (const line of engineLines) await labEngine(line);
}
