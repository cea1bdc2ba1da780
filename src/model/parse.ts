/** Draft → Model: the one place where what a config exports becomes something that can be trusted. */
import type { z } from "zod";
import type { Diagnostic } from "../core/diagnostic.ts";
import { hasErrors } from "../core/diagnostic.ts";
import { sortedBy } from "../core/order.ts";
import { type JsonPointer, join, pointer, segments, valueAt } from "../core/pointer.ts";
import { failed, type Result } from "../core/result.ts";
import { diagnosticsOf } from "./issues.ts";
import { knownKeys } from "./known-keys.ts";
import type { EngineLine, Model } from "./model.ts";
import { leaveOut } from "./repair.ts";
import { agentPool } from "./resolve/agents.ts";
import { clocksOf } from "./resolve/clock.ts";
import { resolveNetworkSection, withUsualCertificate } from "./resolve/network.ts";
import { resolveOutboundRoute } from "./resolve/outbound-routes.ts";
import { resolveTrunk } from "./resolve/trunk.ts";
import { edge as edgeSchema } from "./schema/edge.ts";
import { parseEdge } from "./simple-routes.ts";

export interface ParseOptions {
  /** Overrides the engine line of the config. */
  readonly engine?: EngineLine;
}

/** What could be read of a config with errors: good for looking for further problems, never for building. */
export interface Incomplete {
  readonly model: Model;
  /** Where the errors stand. */
  readonly faults: readonly JsonPointer[];
  /** Gives what is found in `model` its place in the draft. */
  readonly place: (found: Diagnostic) => Diagnostic;
}

export interface Parsed extends Result<Model> {
  /** Only where there is no value, and not always then. */
  readonly incomplete?: Incomplete;
}

/**
 * Reads an edge, a trunk or a list of trunks. All problems come back at once: those of the shape (CREW200x) and, for
 * what has the right shape, those of meaning (CREW21xx).
 */
export function parseConfig(draft: unknown, options: ParseOptions = {}): Parsed {
  const root = rootOf(draft);
  if (root === undefined)
    return failed({
      code: "CREW2005",
      severity: "error",
      pointer: "",
      message: "The config exports no edge and no trunk.",
      help: "Export what defineTrunk(), defineEdge() or a list of trunks gives: 'export default defineTrunk({ sip: { … } })'.",
    });
  const parsed = parseEdge(root.edge);
  if (parsed.success) {
    const { model, diagnostics } = resolve(parsed.data, root, options);
    if (!hasErrors(diagnostics)) return { value: deepFreeze(model), diagnostics };
    return { diagnostics, ...incomplete(model, diagnostics, (found) => found) };
  }
  const beside = problemsBeside(parsed.error, root, options);
  return { ...beside, diagnostics: [...shapeProblems(parsed.error, root), ...beside.diagnostics] };
}

type EdgeDraft = z.output<typeof edgeSchema>;

function shapeProblems(error: z.ZodError, root: Root): Diagnostic[] {
  const locate = (path: Path) => root.locate(pointerOf(path));
  return diagnosticsOf(error, root.edge, locate, knownKeys(edgeSchema, root.implied));
}

/** Problems of meaning in what is left when the parts of the wrong shape are left out, less those that follow from leaving them out. */
function problemsBeside(error: z.ZodError, root: Root, options: ParseOptions): Parsed {
  let faults = faultsOf(error, root.edge);
  let repaired = leaveOut(root.edge, faults);
  for (let round = 0; round < 4; round++) {
    const parsed = edgeSchema.safeParse(repaired.draft);
    if (parsed.success) {
      const locate = (p: JsonPointer) => root.locate(repaired.locate(p));
      const places = faults.map((path) => root.locate(pointerOf(path)));
      const found = resolve(parsed.data, { ...root, locate: (p) => p }, options);
      const place = (d: Diagnostic) => relocate(d, locate);
      const diagnostics = found.diagnostics.map(place).filter((d) => !follows(d, places));
      return { diagnostics, ...incomplete(found.model, diagnostics, place, places) };
    }
    faults = [
      ...faults,
      ...faultsOf(parsed.error, repaired.draft).map((path) =>
        segments(repaired.locate(pointerOf(path))).map(numeric),
      ),
    ];
    repaired = leaveOut(root.edge, faults);
  }
  return { diagnostics: [] };
}

/** Two trunks of one name cannot be told apart by what looks at them. */
function incomplete(
  model: Model,
  diagnostics: readonly Diagnostic[],
  place: Incomplete["place"],
  faults: readonly JsonPointer[] = [],
): Pick<Parsed, "incomplete"> {
  if (new Set(model.trunks.map((trunk) => trunk.id)).size < model.trunks.length) return {};
  const errors = diagnostics.flatMap((d) => (d.severity === "error" ? [d.pointer ?? ""] : []));
  return { incomplete: { model: deepFreeze(model), faults: [...faults, ...errors], place } };
}

type Path = readonly PropertyKey[];

/** What must go: an unknown property itself, for a missing one the object that lacks it. */
function faultsOf(error: z.ZodError, draft: unknown): Path[] {
  return error.issues.flatMap((issue): Path[] => {
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [...issue.path, key]);
    const absent = valueAt(draft, pointerOf(issue.path)) === undefined;
    return [absent ? issue.path.slice(0, -1) : issue.path];
  });
}

function relocate(diagnostic: Diagnostic, locate: (p: JsonPointer) => JsonPointer): Diagnostic {
  const { pointer: at, related } = diagnostic;
  return {
    ...diagnostic,
    ...(at === undefined ? {} : { pointer: locate(at) }),
    ...(related === undefined
      ? {}
      : {
          related: related.map((r) => (r.pointer === undefined ? r : { ...r, pointer: locate(r.pointer) })),
        }),
  };
}

/** Findings that a part which was left out can cause elsewhere, by the places where such parts stand. */
const consequences: Readonly<Record<string, RegExp>> = {
  CREW2101: /\/(?:agents(?:\/[^/]+)?|agent_gateway)$/,
  CREW2102: /\/(?:agents(?:\/[^/]+)?|agent_gateway)$/,
  CREW2118: /(?:^|\/)[0-9]+(?:\/crew_id)?$|^\/crew_id$/,
  CREW2123: /\/(?:agents(?:\/[^/]+)?|agent_gateway)$/,
  CREW2114: /^\/network\/(?:public_ip|bind_ip)/,
};

function follows(diagnostic: Diagnostic, faults: readonly JsonPointer[]): boolean {
  const at = diagnostic.pointer ?? "";
  const cause = consequences[diagnostic.code];
  return faults.some((fault) => fault === at || fault.startsWith(`${at}/`) || cause?.test(fault) === true);
}

function pointerOf(path: Path): JsonPointer {
  return pointer(...path.map((s) => (typeof s === "number" ? s : String(s))));
}

function numeric(segment: string): string | number {
  return /^(?:0|[1-9][0-9]*)$/.test(segment) ? Number(segment) : segment;
}

/** The Model is whole only where no error is among the diagnostics. */
function resolve(
  draft: EdgeDraft,
  root: Root,
  options: ParseOptions,
): { readonly model: Model; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => diagnostics.push(diagnostic);
  const engine = options.engine ?? draft.engine ?? "6.1";
  const stated = resolveNetworkSection(draft.network, engine, root.locate("/network"), report);
  const pool = agentPool();
  const realm = stated.hostname ?? "crew";
  const ids = draft.trunks.map((trunk) => trunk.crew_id ?? "crew");
  const trunks = draft.trunks.map((trunk, i) =>
    resolveTrunk(trunk, root.locate(pointer("trunks", i)), { pool, trunks: ids, realm, report }),
  );
  const outbound_routes = (draft.outbound_routes ?? []).flatMap((route, i) => {
    const at = root.locate(pointer("outbound_routes", i));
    return resolveOutboundRoute(route, i, at, { pool, trunks: ids, report }) ?? [];
  });
  reportTwins(trunks, report);
  const agents = sortedBy(pool.all(), (agent) => agent.key);
  const network =
    !root.implied && peersSpeakTls(agents, trunks) ? withUsualCertificate(stated, draft.network) : stated;
  const model: Model = {
    model_version: 1,
    edge: {
      at: "",
      name: draft.name ?? "edge",
      engine,
      implied: root.implied,
      network,
      outbound_routes,
    },
    agents,
    trunks: sortedBy(trunks, (trunk) => trunk.id),
    time_zones: clocksOf(trunks),
  };
  return { model, diagnostics };
}

/** Whether the config names a peer that is reached over TLS. */
function peersSpeakTls(agents: Model["agents"], trunks: Model["trunks"]): boolean {
  return (
    agents.some((a) => a.targets.some((t) => t.transport === "tls")) ||
    trunks.some(
      ({ outbound: o }) =>
        o?.targets.some((t) => t.transport === "tls") === true || o?.register?.registrar.transport === "tls",
    )
  );
}

interface Root {
  /** The draft in the form of an edge. */
  readonly edge: unknown;
  readonly implied: boolean;
  /** From a pointer into `edge` to one into the draft. */
  readonly locate: (p: JsonPointer) => JsonPointer;
}

function rootOf(draft: unknown): Root | undefined {
  if (draft === null || typeof draft !== "object") return undefined;
  if (Array.isArray(draft))
    return draft.length === 0
      ? undefined
      : { edge: { trunks: draft }, implied: true, locate: (p) => p.replace(/^\/trunks/, "") };
  if ("trunks" in draft) return { edge: draft, implied: false, locate: (p) => p };
  return { edge: { trunks: [draft] }, implied: true, locate: (p) => p.replace(/^\/trunks(?:\/0)?/, "") };
}

function reportTwins(
  trunks: readonly { readonly id: string; readonly at: JsonPointer }[],
  report: (d: Diagnostic) => void,
): void {
  const first = new Map<string, JsonPointer>();
  for (const trunk of trunks) {
    const twin = first.get(trunk.id);
    if (twin === undefined) first.set(trunk.id, trunk.at);
    else
      report({
        code: "CREW2104",
        severity: "error",
        pointer: join(trunk.at, "crew_id"),
        message: `Two trunks of the edge have the crew_id '${trunk.id}'.`,
        related: [{ pointer: join(twin, "crew_id"), label: "the other one" }],
        why: "The crew_id names the trunk in logs, limits and headers, and callers may dial it.",
        help: "Give each trunk its own 'crew_id'; without one it is 'crew'. A trunk that stands in the list twice goes out once.",
      });
  }
}

/** Written for millions of small objects of a tree: it asks nothing of scalars and makes no lists of properties. */
function deepFreeze<T extends object>(value: T): T {
  if (Array.isArray(value)) {
    for (const inner of value) if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  } else {
    for (const key in value) {
      const inner = value[key];
      if (typeof inner === "object" && inner !== null) deepFreeze(inner);
    }
  }
  return Object.freeze(value);
}
