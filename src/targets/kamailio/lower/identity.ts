/** Who calls, as tables: where a trunk's callers are read from, and as whom its agents may call. */
import { join } from "../../../core/pointer.ts";
import type { CallerHeader, TrunkModel } from "../../../model/model.ts";
import type { Row } from "../doc.ts";
import { separator } from "./routes.ts";

const headers = {
  pai: "P-Asserted-Identity",
  rpid: "Remote-Party-ID",
  ppi: "P-Preferred-Identity",
  from: "From",
} as const satisfies Record<CallerHeader, string>;

/** Whether the caller of a trunk's calls is read from anything but From. */
export function readsHeaders({ caller_id: { source, fallback } }: TrunkModel): boolean {
  return source !== "from" || fallback !== "from";
}

/** `<trunk>` → header ^ header that is read where the first is missing. */
export function callerRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.filter(readsHeaders).map(({ id, at, caller_id: { source, fallback } }) => ({
    key: id,
    value: [headers[source], headers[fallback]].join(separator),
    at: join(at, "sip", "caller_id"),
  }));
}

/** `<trunk>` → header that carries the number beside From ^ number that takes the place of others, "-" for none. */
export function shownRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, outbound, caller_id: { source } }): Row[] =>
    outbound === undefined
      ? []
      : [
          {
            key: id,
            value: [headers[source], outbound.caller_id ?? "-"].join(separator),
            at: outbound.caller_id === undefined ? outbound.at : join(outbound.at, "caller_id"),
          },
        ],
  );
}

/** `<trunk>:<number>` of every number that an agent may choose. */
export function choiceRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, outbound }) =>
    (outbound?.caller_ids ?? []).map(({ at, number }): Row => ({ key: `${id}:${number}`, value: 1, at })),
  );
}
