/** How the registrations at carriers go, as a running generation tells. */
import { callRpc, type RpcValue } from "../verify/binrpc.ts";
import { fieldOf, recordsIn } from "../verify/table-rpc.ts";

export interface RegistrationReport {
  readonly trunk: string;
  readonly state: "registered" | "not registered" | "asking";
  /** Seconds that the registration lasts, unless it is refreshed. */
  readonly seconds?: number;
  /** The registrar's last answer; 408 where none came. */
  readonly code?: number;
}

/** All registrations of a generation. `now` is in seconds since 1970. */
export async function registrations(
  socket: string,
  now: number = Math.floor(Date.now() / 1000),
): Promise<readonly RegistrationReport[]> {
  const found: RegistrationReport[] = [];
  for (let n = 0; ; n++) {
    // Kamailio cannot put a whole table with many entries into one answer.
    const row = await entry(socket, "register", String(n));
    if (row === undefined) return found;
    const [trunk = ""] = String(row).split("^");
    const [until, code] = await Promise.all(
      ["until", "code"].map((fact) => entry(socket, "registration", `${trunk}:${fact}`)),
    );
    found.push(reportOf(trunk, Number(until ?? 0) - now, Number(code ?? 0)));
  }
}

async function entry(socket: string, table: string, key: string): Promise<RpcValue | undefined> {
  const answer = await callRpc(socket, "htable.get", [table, key]);
  const [record] = recordsIn(answer.ok ? answer.values : []);
  return fieldOf(typeof record?.item === "object" ? record.item : record, "value");
}

function reportOf(trunk: string, seconds: number, code: number): RegistrationReport {
  const answered = code === 0 ? {} : { code };
  if (seconds > 0) return { trunk, state: "registered", seconds, ...answered };
  return { trunk, state: code === 0 ? "asking" : "not registered", ...answered };
}

/**
 * Leaves the registrations of a superseded generation to the one after it, those at carriers, which have the same Contact, and
 * the ways to PBXs that registered here.
 */
export async function stopRegistering(socket: string): Promise<void> {
  for (const table of ["registration", "binding"])
    await callRpc(socket, "htable.seti", [table, "-stopped", 1]);
}
