/** Questions about the tables of a running Kamailio, and what to say where an answer is not what was compiled. */
import type { Diagnostic } from "../core/diagnostic.ts";
import { callRpc, type RpcValue } from "./binrpc.ts";
import { type ArtifactPlace, type Artifacts, diagnose } from "./locate.ts";

/** Runs an RPC command; `undefined` where it is refused or not answered. */
export type Ask = (method: string, ...params: string[]) => Promise<readonly RpcValue[] | undefined>;

export function asker(rpcSocket: string): Ask {
  return async (method, ...params) => {
    const answer = await callRpc(rpcSocket, method, params, { timeout: 3000 });
    return answer.ok ? answer.values : undefined;
  };
}

export type RpcRecord = { readonly [name: string]: RpcValue };

function isList(value: RpcValue): value is readonly RpcValue[] {
  return Array.isArray(value);
}

/** The structs of an answer, those in lists included. */
export function recordsIn(values: readonly RpcValue[] | undefined): readonly RpcRecord[] {
  return (values ?? []).flatMap((v) => (typeof v !== "object" ? [] : isList(v) ? recordsIn(v) : [v]));
}

export function fieldOf(value: RpcValue | undefined, name: string): RpcValue | undefined {
  return value === undefined || typeof value !== "object" || isList(value) ? undefined : value[name];
}

/** Every value of a name, at whatever depth. */
export function valuesNamed(
  value: RpcValue | readonly RpcValue[] | undefined,
  name: string,
): readonly string[] {
  if (value === undefined || typeof value !== "object") return [];
  if (isList(value)) return value.flatMap((inner) => valuesNamed(inner, name));
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name ? [inner].flat().map(String) : valuesNamed(inner, name),
  );
}

export function different(artifacts: Artifacts, place: ArtifactPlace, what: string): Diagnostic {
  return diagnose(artifacts, {
    code: "CREW5110",
    message: `What Kamailio loaded is not what was compiled: ${what}.`,
    place,
  });
}
