/** How the registrations at carriers go, as a running generation tells. */
import { callRpc } from "../verify/binrpc.ts";
import { recordsIn } from "../verify/table-rpc.ts";

export interface RegistrationReport {
  readonly trunk: string;
  readonly state: "registered" | "not registered" | "asking";
  /** Seconds that the registration lasts, unless it is refreshed. */
  readonly seconds?: number;
  /** The registrar's last answer; 408 where none came. */
  readonly code?: number;
}

/** All registrations that were begun; none where the generation has none. `now` is in seconds since 1970. */
export async function registrations(
  socket: string,
  now: number = Math.floor(Date.now() / 1000),
): Promise<readonly RegistrationReport[]> {
  const answer = await callRpc(socket, "htable.dump", ["registration"]);
  if (!answer.ok) return [];
  const facts = new Map<string, Map<string, number>>();
  const slots = recordsIn(answer.values).flatMap((record) => recordsIn([...Object.values(record)]));
  for (const { name, value } of slots) {
    const [, trunk, fact] = /^(.*):(next|until|code)$/.exec(String(name)) ?? [];
    if (trunk === undefined || fact === undefined) continue;
    facts.set(trunk, (facts.get(trunk) ?? new Map()).set(fact, Number(value)));
  }
  return [...facts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([trunk, fact]) => reportOf(trunk, fact, now));
}

function reportOf(trunk: string, fact: ReadonlyMap<string, number>, now: number): RegistrationReport {
  const code = fact.get("code");
  const seconds = (fact.get("until") ?? 0) - now;
  const answered = code === undefined ? {} : { code };
  if (seconds > 0) return { trunk, state: "registered", seconds, ...answered };
  return { trunk, state: code === undefined ? "asking" : "not registered", ...answered };
}

/** Leaves the registrations of a superseded generation to the one after it: they have the same Contact. */
export async function stopRegistering(socket: string): Promise<void> {
  await callRpc(socket, "htable.seti", ["registration", "-stopped", 1]);
}
