/** Where a trunk's callers are read from. */
import { join } from "../../../core/pointer.ts";
import type { CallerHeader, TrunkModel } from "../../../model/model.ts";
import type { Row } from "../doc.ts";
import { separator } from "./separator.ts";

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
export function identityRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.filter(readsHeaders).map(({ id, at, caller_id: { source, fallback } }) => ({
    key: id,
    value: [headers[source], headers[fallback]].join(separator),
    at: join(at, "sip", "caller_id"),
  }));
}
