/** What a generation's Kamailio tells over RPC of the work that it has open. */
import { join } from "node:path";
import { callRpc, type RpcAnswer } from "../verify/binrpc.ts";
import type { Edge } from "./edge.ts";
import { generationPaths } from "./state/paths.ts";

/** Where a generation's Kamailio answers RPC. */
export function controlSocket(edge: Edge, generation: number): string {
  return join(generationPaths(edge.paths, generation).private, "ctl.sock");
}

export interface Transactions {
  /** All in memory, those among them that have ended and wait for what still comes (RFC 3261 section 17, timers D, I, J and K). */
  readonly all: number;
  /** Those without a final response. */
  readonly unanswered: number;
}

/** Nothing where the process does not answer. */
export async function transactions(socket: string): Promise<Transactions | undefined> {
  const answer = await callRpc(socket, "tm.stats");
  if (!answer.ok) return undefined;
  const all = field(answer, "current");
  return { all, unanswered: all - field(answer, "waiting") };
}

/** Open TCP and TLS connections; 0 where the process does not answer. */
export async function openConnections(socket: string): Promise<number> {
  return field(await callRpc(socket, "core.tcp_info"), "opened_connections");
}

function field(answer: RpcAnswer, name: string): number {
  const first = answer.ok ? answer.values[0] : undefined;
  if (typeof first !== "object" || Array.isArray(first)) return 0;
  return Number((first as { readonly [name: string]: unknown })[name] ?? 0);
}
