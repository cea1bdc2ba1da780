/**
 * Ends calls that last too long or whose media is dead. Everything that this takes is with the session in rtpengine, so that it
 * works for calls from before a swap, a crash of Kamailio or a restart of the guard.
 */

import { sealKey } from "../../targets/kamailio/sealed.ts";
import { callRpc } from "../../verify/binrpc.ts";
import type { Edge } from "../edge.ts";
import { askAbout, listSessions } from "../sessions.ts";
import { currentGeneration, readFacts } from "../state/generations.ts";
import { edgeKeys } from "../state/keys.ts";
import { byesOf, type EndReason } from "./byes.ts";
import { type EndableCall, endableCall } from "./call-label.ts";
import { processName, runningProxies } from "./proxies.ts";
import { controlSocket } from "./retire.ts";
import { sendWithin } from "./within.ts";

/** Milliseconds until a call is looked at again that is not answered, and until which it may still be (`max_inv_lifetime`). */
const ringingPause = 2000;
const ringsAtMost = 300_000;
/** Milliseconds until a call is ended again that is still there: longer than its BYEs are sent. */
const again = 40_000;

/** What the guard remembers between looks; lost without harm. */
export interface Ending {
  /** Whether the script of a process has such limits, by process. */
  readonly limited: Map<string, boolean>;
  /** By Call-ID: which session it is, and when to look at it. */
  next: ReadonlyMap<string, { readonly created: number; readonly at: number }>;
}

export function newEnding(): Ending {
  return { limited: new Map(), next: new Map() };
}

/** One look. A call is asked about when it would be over, and only then; the BYEs go on after this is done. */
export async function endCalls(edge: Edge, memory: Ending, now = Date.now()): Promise<void> {
  if (!(await someLimited(edge, memory))) return;
  const sessions = await listSessions();
  if (sessions === undefined) return;
  const next = new Map(
    sessions.map(({ id, created }) => {
      const known = memory.next.get(id);
      return [id, known?.created === created ? known : { created, at: 0 }] as const;
    }),
  );
  memory.next = next;
  const due = [...next].flatMap(([id, { at }]) => (at <= now ? [id] : []));
  const calls = await askAbout(due, (id, answer) => endableCall(id, answer) ?? null);
  const over: { readonly call: EndableCall; readonly reason: EndReason }[] = [];
  for (const [id, call] of calls) {
    const created = next.get(id)?.created ?? 0;
    const reason = call === null ? undefined : reasonOf(call, now);
    if (call !== null && reason !== undefined) over.push({ call, reason });
    next.set(id, { created, at: nextLook(call, created, reason, now) });
  }
  if (over.length > 0) await hangUp(edge, over);
}

function nextLook(
  call: EndableCall | null,
  created: number,
  reason: EndReason | undefined,
  now: number,
): number {
  if (call === null)
    return now - created * 1000 < ringsAtMost ? now + ringingPause : Number.POSITIVE_INFINITY;
  return reason === undefined ? Math.min(call.until, call.silentUntil) : now + again;
}

function reasonOf(call: EndableCall, now: number): EndReason | undefined {
  if (now >= call.until) return "call_minutes";
  return now >= call.silentUntil ? "media_timeout" : undefined;
}

/** Asked once of each process: a script without the table has no calls to end. */
async function someLimited(edge: Edge, { limited }: Ending): Promise<boolean> {
  const running = runningProxies(edge);
  for (const proxy of running) {
    const name = processName(proxy);
    if (limited.has(name)) continue;
    const table = await callRpc(controlSocket(edge, proxy.generation), "htable.dump", ["over"]);
    if (table.ok || table.code !== 0) limited.set(name, table.ok);
  }
  return running.some((proxy) => limited.get(processName(proxy)) === true);
}

async function hangUp(
  edge: Edge,
  over: readonly { readonly call: EndableCall; readonly reason: EndReason }[],
): Promise<void> {
  const generation = await currentGeneration(edge.paths);
  const facts = generation === undefined ? undefined : await readFacts(edge.paths, generation);
  if (facts === undefined) return;
  const proxy = facts.handover_port;
  const key = sealKey((await edgeKeys(edge.paths.keys)).topology);
  void sendWithin(proxy, (port) =>
    over.flatMap(({ call, reason }) => byesOf(call, reason, { key, port, proxy })),
  ).then(
    (codes) => {
      // 481: the other end has hung up meanwhile.
      const failed = codes.filter((code) => code === undefined || (code >= 300 && code !== 481));
      if (failed.length > 0)
        console.error(
          `${failed.length} of ${codes.length} BYEs of calls that are over were not answered or refused (${failed.map((c) => c ?? "none").join(", ")}): such a call may go on at its other end.`,
        );
    },
    (error) => console.error(error),
  );
}
