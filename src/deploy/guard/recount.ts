/**
 * Keeps what Kamailio counts the same as the calls that rtpengine carries: a process that starts while there are calls is told
 * of them, and a call that is gone from rtpengine, whose end nobody signalled, gives its place back.
 */
import { callRpc } from "../../verify/binrpc.ts";
import { valuesNamed } from "../../verify/table-rpc.ts";
import { controlSocket } from "../control.ts";
import type { Edge } from "../edge.ts";
import { type Counted, labelsOf, listSessions } from "../sessions.ts";
import type { ProcessId } from "../supervise/process.ts";
import { runningProxies } from "./proxies.ts";

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
  /** By Call-ID. */
  labels: ReadonlyMap<string, Label>;
}

interface Label {
  readonly created: number;
  readonly counted: Counted | null;
}

export function newRecounting(): Recounting {
  return { looks: new Map(), labels: new Map() };
}

/** Whether a Kamailio runs that nobody has looked at yet. */
export function hasNewcomer(edge: Edge, memory: Recounting): boolean {
  return runningProxies(edge).some(
    ({ generation, process }) => lastLook(memory, generation, process) === undefined,
  );
}

/** One look at all that count. */
export async function recount(edge: Edge, memory: Recounting, now = Date.now()): Promise<void> {
  const proxies: Proxy[] = [];
  for (const { generation, process } of runningProxies(edge)) {
    const known = lastLook(memory, generation, process);
    if (known?.counts === false) continue;
    const socket = controlSocket(edge, generation);
    const dump = await callRpc(socket, "htable.dump", ["live"]);
    if (dump.ok)
      proxies.push({
        generation,
        process,
        socket,
        known,
        counted: new Set(valuesNamed(dump.values, "name")),
      });
    else if (dump.code !== 0)
      memory.looks.set(generation, { process, counts: false, extra: new Set(), missing: new Map() });
  }
  if (proxies.length === 0) return;
  const before = scopes(memory.labels);
  const labels = await labelled(memory.labels, now);
  if (labels === undefined) return;
  memory.labels = labels;
  for (const proxy of proxies)
    memory.looks.set(proxy.generation, await settle(proxy, { sessions: scopes(labels), before, now }));
}

interface Proxy {
  readonly generation: number;
  readonly process: ProcessId;
  readonly socket: string;
  /** The look before; `undefined` for a process that is new. */
  readonly known: Look | undefined;
  /** The calls that it counts. */
  readonly counted: ReadonlySet<string>;
}

interface Sight {
  /** What rtpengine carries: what each counts for. */
  readonly sessions: ReadonlyMap<string, string>;
  /** What it carried at the look before. */
  readonly before: ReadonlyMap<string, string>;
  readonly now: number;
}

/** Settles what two looks in a row found, and tells a process that is new of all sessions. */
async function settle(
  { process, socket, known, counted }: Proxy,
  { sessions, before, now }: Sight,
): Promise<Look> {
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
  const lines = told.map((key) => `${key} ${sessions.get(key)}`);
  await inBatches(socket, "crew:restore", lines);
  if (known === undefined) await callRpc(socket, "htable.seti", ["count", "-told", 1]);
  await inBatches(socket, "crew:release", gone);
  return { process, counts: true, extra, missing };
}

async function inBatches(socket: string, event: string, lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length; at += batch)
    await callRpc(socket, "evrexec.run", [event, lines.slice(at, at + batch).join("\n")]);
}

/** The labels of all sessions. Asked for are those of sessions that are new, or were so young that another may have taken their place. */
async function labelled(
  known: ReadonlyMap<string, Label>,
  now: number,
): Promise<ReadonlyMap<string, Label> | undefined> {
  const sessions = await listSessions();
  if (sessions === undefined) return undefined;
  const settled = sessions.filter(
    ({ id, created }) => known.get(id)?.created === created && now / 1000 - created > 2,
  );
  const labels = new Map(settled.flatMap(({ id }) => [[id, known.get(id)] as const]));
  const fresh = await labelsOf(sessions.flatMap(({ id }) => (labels.has(id) ? [] : [id])));
  return new Map(
    sessions.flatMap(({ id, created }) => {
      const counted = fresh.get(id);
      const label = counted === undefined ? labels.get(id) : { created, counted };
      return label === undefined ? [] : [[id, label] as const];
    }),
  );
}

function scopes(labels: ReadonlyMap<string, Label>): ReadonlyMap<string, string> {
  return new Map(
    [...labels.values()].flatMap(({ counted }) =>
      counted === null ? [] : [[counted.key, counted.scope] as const],
    ),
  );
}

/** What was seen of this very process. */
function lastLook(memory: Recounting, generation: number, { pid, started }: ProcessId): Look | undefined {
  const look = memory.looks.get(generation);
  return look?.process.pid === pid && look.process.started === started ? look : undefined;
}
