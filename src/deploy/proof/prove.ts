/** Proves that an edge carries calls: through the public listener and rtpengine to an echo on this host, with audio. */
import { setTimeout as sleep } from "node:timers/promises";
import { callThrough, type ProofTarget } from "./caller.ts";

export interface Proof {
  readonly ok: boolean;
  readonly attempts: number;
  /** Milliseconds from INVITE to its 200, of the call that got through. */
  readonly answerMs?: number;
  /** Milliseconds from INVITE to the 200 to BYE. */
  readonly totalMs?: number;
  /** Of the last attempt. */
  readonly reason?: string;
}

/**
 * Calls until one call gets through or the window (milliseconds) is over: what fails while processes settle is no verdict.
 * `broken` ends it early with a reason, where there is no point in calling again.
 */
export async function prove(
  target: ProofTarget,
  window: number,
  broken: () => string | undefined,
): Promise<Proof> {
  const deadline = performance.now() + window;
  // Two generations share a TCP listener, and a connection that the old one took tells nothing: ask often.
  const patience = target.transport === "tcp" ? 700 : 2500;
  let pause = 100;
  for (let attempts = 1; ; attempts++) {
    const left = deadline - performance.now();
    const call = await callThrough(target, Math.min(patience, Math.max(500, left)));
    if (call.ok) return { ok: true, attempts, answerMs: call.answerMs, totalMs: call.totalMs };
    const reason = broken();
    if (reason !== undefined) return { ok: false, attempts, reason };
    if (performance.now() + pause > deadline) return { ok: false, attempts, reason: call.reason };
    await sleep(pause);
    pause = Math.min(pause * 2, 1000);
  }
}
