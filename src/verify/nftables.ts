/** Lets nft read the ruleset, load it into the cell's own netfilter, and read it back. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Cell, CellEnd } from "./cell.ts";
import { type ArtifactPlace, type Artifacts, diagnose, placeOf } from "./locate.ts";
import { commandLines, failedCommand, firstRefused, nftProblems } from "./nft-errors.ts";
import { didNotRun, tooSlow } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";

const jsonFile = "nftables/edge.nft.json";
const textFile = "nftables/edge.nft";

interface Nft {
  readonly path: string;
  readonly json: boolean;
  run(args: readonly string[], input?: string): Promise<CellEnd>;
}

function nftOf(artifacts: Artifacts, runtime: VerifyRuntime, cell: Cell): Nft {
  const json = existsSync(join(artifacts.directory, jsonFile));
  return {
    path: json ? jsonFile : textFile,
    json,
    run: (args, input) =>
      cell.run(runtime.command("nft", args), { timeout: 10_000, ...(input === undefined ? {} : { input }) }),
  };
}

/** `nft -c`: grammar, references and the kernel's opinion, without a change. */
export async function parseNftables(
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const nft = nftOf(artifacts, runtime, cell);
  const file = join(artifacts.directory, nft.path);
  const end = await nft.run([...(nft.json ? ["-j"] : []), "-c", "-f", file]);
  return { diagnostics: await complaints(artifacts, nft, end) };
}

/** Loads the ruleset and compares what the kernel then has with what was meant, by table, chain, set and number of rules. */
export async function loadNftables(
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const nft = nftOf(artifacts, runtime, cell);
  const end = await nft.run([...(nft.json ? ["-j"] : []), "-f", join(artifacts.directory, nft.path)]);
  const diagnostics = await complaints(artifacts, nft, end);
  if (diagnostics.length > 0) return { diagnostics };
  const listed = await nft.run(["-j", "list", "ruleset"]);
  const loaded = countObjects(parseObjects(listed.lines.map((l) => l.text).join("\n")));
  const detail = `${loaded.get("rule") ?? 0} rules`;
  if (!nft.json) return { diagnostics: [], detail };
  const text = readFileSync(join(artifacts.directory, nft.path), "utf8");
  const meant = countObjects(added(parseObjects(text)));
  const different = [...new Set([...meant.keys(), ...loaded.keys()])].filter(
    (kind) => kind !== "metainfo" && kind !== "element" && meant.get(kind) !== loaded.get(kind),
  );
  return {
    detail,
    diagnostics: different.map((kind) =>
      diagnose(artifacts, {
        code: "CREW5202",
        message: `The kernel holds ${loaded.get(kind) ?? 0} of kind ${kind} where the ruleset has ${meant.get(kind) ?? 0}.`,
        place: { path: nft.path, line: 1 },
      }),
    ),
  };
}

async function complaints(artifacts: Artifacts, nft: Nft, end: CellEnd): Promise<readonly Diagnostic[]> {
  if (end.error !== undefined) return [didNotRun("nft", end.error)];
  if (end.signal !== null) return [tooSlow("nft", 10)];
  if (end.code === 0) return [];
  const lines = end.lines.map((l) => l.text);
  const problems = nftProblems(lines);
  const [first] = problems;
  const refused = (
    text: string,
    place: ArtifactPlace | undefined,
    details: readonly string[] = [],
  ): Diagnostic =>
    diagnose(artifacts, {
      code: "CREW5201",
      message: `nft refuses the ruleset: ${text.replace(/\.$/, "")}.`,
      details,
      ...(place === undefined ? {} : { place }),
    });
  if (first === undefined) return [refused(lines[0] ?? `exit code ${end.code}`, undefined)];
  if (!nft.json) return problems.map((p) => refused(p.text, placeOf(artifacts, p, nft.path)));
  const line = await lineOfRefusedCommand(artifacts, nft, lines);
  return [
    refused(
      first.text,
      line === undefined ? undefined : { path: nft.path, line },
      problems.slice(1).map((p) => p.text),
    ),
  ];
}

/** nft names no line in JSON, so the command is found by trying ever shorter beginnings of the list. */
async function lineOfRefusedCommand(
  artifacts: Artifacts,
  nft: Nft,
  said: readonly string[],
): Promise<number | undefined> {
  const text = readFileSync(join(artifacts.directory, nft.path), "utf8");
  const document = parseJson(text);
  const commands = (document as { nftables?: unknown } | undefined)?.nftables;
  if (!Array.isArray(commands)) return jsonErrorLine(text);
  const named = failedCommand(said);
  const index =
    named ??
    (await firstRefused(commands, async (prefix) => {
      const end = await nft.run(["-j", "-c", "-f", "-"], JSON.stringify({ nftables: prefix }));
      return end.code === 0;
    }));
  return index === undefined ? undefined : commandLines(text)[index];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the text stops being JSON: the line of the first position that the parser names, else the last line. */
function jsonErrorLine(text: string): number {
  try {
    JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    if (position !== undefined) return text.slice(0, Number(position)).split("\n").length;
  }
  return text.trimEnd().split("\n").length;
}

type NftObject = Readonly<Record<string, unknown>>;

function parseObjects(text: string): readonly NftObject[] {
  const document = parseJson(text) as { nftables?: readonly NftObject[] } | undefined;
  return document?.nftables ?? [];
}

/** What a list of commands adds, each object once by name; rules have none and all count. */
function added(commands: readonly NftObject[]): readonly NftObject[] {
  const names = new Set<string>();
  const objects: NftObject[] = [];
  for (const command of commands) {
    const object = (command.add ?? command.create ?? command.insert) as NftObject | undefined;
    if (object === undefined) continue;
    const [kind = "", body] = Object.entries(object)[0] ?? [];
    const { family, table, name } = body as Record<string, unknown>;
    const key = JSON.stringify([kind, family, table, name]);
    if (kind !== "rule" && names.has(key)) continue;
    names.add(key);
    objects.push(object);
  }
  return objects;
}

function countObjects(objects: readonly NftObject[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const object of objects) {
    const kind = Object.keys(object)[0] ?? "";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
