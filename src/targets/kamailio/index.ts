/** Kamailio: the SIP proxy of the edge. */
import type { Target } from "../target.ts";
import type { KamailioDoc } from "./doc.ts";
import { emit } from "./emit.ts";
import { lower } from "./lower/index.ts";

export const kamailio = {
  id: "kamailio",
  summary: "SIP proxy of the edge: admission, routing, failover, topology hiding, records.",
  lower,
  emit: (doc) => emit(doc),
} satisfies Target<KamailioDoc>;
