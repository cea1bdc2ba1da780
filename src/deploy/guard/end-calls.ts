/**
 * Ends calls that last too long or whose media is dead. Everything that this takes is with the session in rtpengine, so that it
 * works for calls from before a swap, a crash of Kamailio or a restart of the guard.
 */

import { sealKey } from "../../targets/kamailio/sealed.ts";
import { callRpc } from "../../verify/binrpc.ts";
import { controlSocket } from "../control.ts";
import type { Edge } from "../edge.ts";
import { askAbout, listSessions } from "../sessions.ts";
import { currentGeneration, readFacts } from "../state/generations.ts";
import { edgeKeys } from "../state/keys.ts";
import { byesOf, type EndReason } from "./byes.ts";
import { type EndableCall, endableCall } from "./call-label.ts";
import { processName, runningProxies } from "./proxies.ts";
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
  next: ReadonlyMap<string, Look>;
}

interface Look {
  readonly created: number;
  readonly at: number;
  /** Whether the last look found the call up, and not on hold. */
  readonly talking: boolean;
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
      return [id, known?.created === created ? known : { created, at: 0, talking: false }] as const;
    }),
  );
  memory.next = next;
  const due = [...next].flatMap(([id, { at }]) => (at <= now ? [id] : []));
  const calls = await askAbout(due, (id, answer) => endableCall(id, answer) ?? null);
  const over: { readonly call: EndableCall; readonly reason: EndReason }[] = [];
  for (const [id, call] of calls) {
    const { created = 0, talking = false } = next.get(id) ?? {};
    if (call === null) {
      next.set(id, { created, at: ringsUntil(created, now), talking });
      continue;
    }
    const silentUntil = talking ? call.silentUntil : afterHold(call);
    const reason = reasonOf(call, silentUntil, now);
    if (reason !== undefined) over.push({ call, reason });
    const at = reason === undefined ? nextLook(call, silentUntil, now) : now + again;
    next.set(id, { created, at, talking: !call.onHold });
  }
  if (over.length > 0) await hangUp(edge, over);
}

const ringsUntil = (created: number, now: number): number =>
  now - created * 1000 < ringsAtMost ? now + ringingPause : Number.POSITIVE_INFINITY;

/** A call that is resumed has the whole time again from then on: nothing came while it was on hold. */
function afterHold(call: EndableCall): number {
  return call.onHold ? call.silentUntil : Math.max(call.silentUntil, call.signalledAt + call.mediaTimeout);
}

/** A call on hold is looked at as often as another one, since nobody tells when it is resumed. */
function nextLook(call: EndableCall, silentUntil: number, now: number): number {
  return Math.min(call.until, silentUntil, call.onHold ? now + call.mediaTimeout : Number.POSITIVE_INFINITY);
}

function reasonOf(call: EndableCall, silentUntil: number, now: number): EndReason | undefined {
  if (now >= call.until) return "call_minutes";
  return now >= silentUntil ? "media_timeout" : undefined;
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
