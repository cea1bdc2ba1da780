/**
 * Keeps what Kamailio counts the same as the calls that rtpengine carries: a process that starts while there are calls is told
 * of them, and a call that is gone from rtpengine, whose end nobody signalled, gives its place back.
 */
import { callRpc } from "../../verify/binrpc.ts";
import { valuesNamed } from "../../verify/table-rpc.ts";
import type { Edge } from "../edge.ts";
import { type Counted, labelsOf, sessionIds } from "../sessions.ts";
import { generationOf, kamailioService } from "../state/generations.ts";
import type { ProcessId } from "../supervise/process.ts";
import { controlSocket } from "./retire.ts";

/** Milliseconds for which a call may count whose session was never seen: longer than any call rings (`max_inv_lifetime`). */
const sessionGrace = 300_000;
/** Calls in one command. */
const batch = 50;

/** What one look at a process found that is not settled yet. */
interface Look {
  readonly process: ProcessId;
  /** False for a script without limits. */
  readonly counts: boolean;
  /** Sessions that it does not count. */
  readonly extra: ReadonlySet<string>;
  /** Calls without a session, and since when. */
  readonly missing: ReadonlyMap<string, { readonly since: number; readonly seen: boolean }>;
}

/** What the guard remembers between looks; lost without harm. */
export interface Recounting {
  readonly looks: Map<number, Look>;
  labels: ReadonlyMap<string, Counted | null>;
}

export function newRecounting(): Recounting {
  return { looks: new Map(), labels: new Map() };
}

/** Whether a Kamailio runs that nobody has looked at yet. */
export function hasNewcomer(edge: Edge, memory: Recounting): boolean {
  return running(edge).some(({ generation, process }) => !sameAs(memory.looks.get(generation), process));
}

/** One look at all that count. */
export async function recount(edge: Edge, memory: Recounting, now = performance.now()): Promise<void> {
  const processes = running(edge).filter(
    ({ generation, process }) =>
      !(sameAs(memory.looks.get(generation), process) && memory.looks.get(generation)?.counts === false),
  );
  if (processes.length === 0) return;
  const before = sessionsOf(memory.labels);
  // A call that goes on to another trunk changes its label, so that a newcomer is not told what was true once.
  const labels = await labelled(hasNewcomer(edge, memory) ? new Map() : memory.labels);
  if (labels === undefined) return;
  memory.labels = labels;
  for (const { generation, process } of processes) {
    const last = memory.looks.get(generation);
    const known = last !== undefined && sameAs(last, process) ? last : undefined;
    const sight = { process, socket: controlSocket(edge, generation), known, before, now };
    const look = await settle(sessionsOf(labels), sight);
    if (look !== undefined) memory.looks.set(generation, look);
  }
  for (const generation of memory.looks.keys())
    if (!edge.supervisor.names().includes(kamailioService(generation))) memory.looks.delete(generation);
}

/** Tells a generation that has just started of the calls that there are. */
export async function tellOfCalls(edge: Edge, generation: number): Promise<void> {
  const process = edge.supervisor.state(kamailioService(generation)).main;
  const labels = await labelled(new Map());
  if (process === undefined || labels === undefined) return;
  const socket = controlSocket(edge, generation);
  await settle(sessionsOf(labels), { process, socket, known: undefined, before: new Map(), now: 0 });
}

interface Sight {
  readonly process: ProcessId;
  readonly socket: string;
  readonly known: Look | undefined;
  /** The sessions of the look before. */
  readonly before: ReadonlyMap<string, string>;
  readonly now: number;
}

/** Settles what two looks in a row found, all that is missing for a process that is new; `undefined` where it does not answer. */
async function settle(
  sessions: ReadonlyMap<string, string>,
  { process, socket, known, before, now }: Sight,
): Promise<Look | undefined> {
  const dump = await callRpc(socket, "htable.dump", ["live"]);
  if (!dump.ok)
    return dump.code === 0 ? undefined : { process, counts: false, extra: new Set(), missing: new Map() };
  const counted = new Set(valuesNamed(dump.values, "name"));
  const extra = new Set([...sessions.keys()].filter((key) => !counted.has(key)));
  const missing = new Map(
    [...counted]
      .filter((key) => !sessions.has(key))
      .map((key) => [key, known?.missing.get(key) ?? { since: now, seen: before.has(key) }] as const),
  );
  const told = [...extra].filter((key) => known === undefined || known.extra.has(key));
  const gone = [...missing].flatMap(([key, { since, seen }]) =>
    known?.missing.has(key) && (seen || now - since > sessionGrace) ? [key] : [],
  );
  await inBatches(
    socket,
    "crew:restore",
    told.map((key) => `${key} ${sessions.get(key)}`),
  );
  if (known === undefined) await callRpc(socket, "htable.seti", ["count", "-told", 1]);
  await inBatches(socket, "crew:release", gone);
  return { process, counts: true, extra, missing };
}

async function inBatches(socket: string, event: string, lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length; at += batch)
    await callRpc(socket, "evrexec.run", [event, lines.slice(at, at + batch).join("\n")]);
}

/** The labels of all sessions; only those that are new are asked for. */
async function labelled(
  known: ReadonlyMap<string, Counted | null>,
): Promise<ReadonlyMap<string, Counted | null> | undefined> {
  const ids = await sessionIds();
  if (ids === undefined) return undefined;
  const fresh = await labelsOf(ids.filter((id) => !known.has(id)));
  return new Map(
    ids.flatMap((id) => {
      const label = known.get(id) ?? fresh.get(id);
      return label === undefined ? [] : [[id, label] as const];
    }),
  );
}

function sessionsOf(labels: ReadonlyMap<string, Counted | null>): ReadonlyMap<string, string> {
  return new Map([...labels.values()].flatMap((l) => (l === null ? [] : [[l.key, l.scope] as const])));
}

function running(edge: Edge): readonly { readonly generation: number; readonly process: ProcessId }[] {
  return edge.supervisor.names().flatMap((name) => {
    const generation = generationOf(name);
    const process = generation === undefined ? undefined : edge.supervisor.state(name).main;
    return generation === undefined || process === undefined ? [] : [{ generation, process }];
  });
}

function sameAs(look: Look | undefined, { pid, started }: ProcessId): boolean {
  return look?.process.pid === pid && look.process.started === started;
}
