/** Lets nft read the ruleset, load it into the cell's own netfilter, and read it back. */
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Model } from "../model/model.ts";
import { nftables } from "../targets/nftables/index.ts";
import type { Cell, CellEnd } from "./cell.ts";
import { type Artifacts, diagnose, findWord, placeOf } from "./locate.ts";
import { nftProblems } from "./nft-errors.ts";
import { firewallDifferences, type NftObject } from "./nft-readback.ts";
import { didNotRun, tooSlow } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";

export const nftFile = "nftables/edge.nft";

/** `nft -c`: grammar, references and the kernel's opinion, without a change. */
export async function parseNftables(
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const end = await nft(["-c", "-f", join(artifacts.directory, nftFile)], runtime, cell);
  return { diagnostics: complaints(artifacts, end) };
}

/**
 * Loads the ruleset twice, as its replacement on a running edge is loaded over itself, and compares what the kernel then
 * has with what the target decided.
 */
export async function loadNftables(
  artifacts: Artifacts,
  model: Model,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const file = join(artifacts.directory, nftFile);
  const end = await nft(["-f", file], runtime, cell);
  const again = end.code === 0 ? await nft(["-f", file], runtime, cell) : end;
  const refused = complaints(artifacts, again);
  if (refused.length > 0) return { diagnostics: refused };
  const objects = objectsIn(await nft(["-j", "list", "ruleset"], runtime, cell));
  const doc = nftables.lower(model).value;
  const differences = doc === undefined ? [] : firewallDifferences(doc, objects);
  return {
    detail: `${objects.filter((o) => "rule" in o).length} rules`,
    diagnostics: differences.map(({ message, words }) =>
      diagnose(artifacts, {
        code: "CREW5202",
        message: `The firewall that the kernel holds is not what was compiled: ${message}.`,
        place: findWord(artifacts, nftFile, words) ?? { path: nftFile, line: 1 },
      }),
    ),
  };
}

function nft(args: readonly string[], runtime: VerifyRuntime, cell: Cell): Promise<CellEnd> {
  return cell.run(runtime.command("nft", args), { timeout: 10_000 });
}

function complaints(artifacts: Artifacts, end: CellEnd): readonly Diagnostic[] {
  if (end.error !== undefined) return [didNotRun("nft", end.error)];
  if (end.signal !== null) return [tooSlow("nft", 10)];
  if (end.code === 0) return [];
  const lines = end.lines.map((l) => l.text);
  const problems = nftProblems(lines);
  if (problems.length === 0)
    return [refusal(artifacts, `exit code ${end.code}${lines[0] ? `, ${lines[0]}` : ""}`, undefined)];
  return problems.map((p) => refusal(artifacts, p.text, placeOf(artifacts, p, nftFile)));
}

function refusal(artifacts: Artifacts, text: string, place: ReturnType<typeof placeOf>): Diagnostic {
  return diagnose(artifacts, {
    code: "CREW5201",
    message: `nft refuses the ruleset: ${text.replace(/\.$/, "")}.`,
    ...(place === undefined ? {} : { place }),
  });
}

function objectsIn(end: CellEnd): readonly NftObject[] {
  const text = end.lines.flatMap((l) => (l.stream === "stdout" ? [l.text] : [])).join("\n");
  try {
    return (JSON.parse(text) as { nftables?: readonly NftObject[] }).nftables ?? [];
  } catch {
    return [];
  }
}
