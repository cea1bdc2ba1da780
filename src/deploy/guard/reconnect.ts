/** Tells proxies that the media relay answers: one that once got no answer may leave it alone for a minute. */
import { callRpc, type RpcAnswer } from "../../verify/binrpc.ts";
import { controlSocket } from "../control.ts";
import type { Edge } from "../edge.ts";
import { askRelay, relayService } from "../relay.ts";
import { generationOf } from "../state/generations.ts";

/** One look: a proxy that holds a relay for dead which answers tries it again at once. */
export async function reconnect(edge: Edge): Promise<void> {
  if (edge.supervisor.state(relayService).main === undefined) return;
  for (const generation of edge.supervisor.names().map(generationOf)) {
    if (generation === undefined) continue;
    const socket = controlSocket(edge, generation);
    const relays = await callRpc(socket, "rtpengine.show", ["all"], { timeout: 1000 });
    if (!isDead(relays) || (await askRelay({ command: "ping" }, 200)) === undefined) continue;
    await callRpc(socket, "rtpengine.enable", ["all", 1], { timeout: 1000 });
  }
}

/** Given up for a while, not by an operator: told by `active` on 6.x, by the number 1 in `disabled` on 5.6. */
function isDead(relays: RpcAnswer): boolean {
  if (!relays.ok) return false;
  return relays.values.some((relay) => {
    if (typeof relay !== "object" || Array.isArray(relay)) return false;
    const { active, disabled } = relay as { readonly [field: string]: unknown };
    return active === undefined ? disabled === 1 : active === 0 && disabled === 0;
  });
}
