/** CREW3116: custom headers that are none. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { reservedHeader } from "./header-names.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (header: string) =>
  sampleTrunk({ sip: { custom_headers: { inbound: [{ header, variable: "customer_id" }] } } });

export const check = {
  code: "CREW3116",
  name: "noReservedHeader",
  severity: "error",
  summary: "'custom_headers' names a header of the protocol or of crew.",
  why: "Those headers say where a message goes, what it belongs to and who sends it. The edge writes them itself; one from outside could steal or forge calls.",
  beside: "any",
  bad: sample("Route"),
  good: sample("X-Customer-ID"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { at, header } of [...trunk.inbound_headers, ...trunk.outbound_headers]) {
        const reason = reservedHeader(header);
        if (reason !== undefined)
          report({
            pointer: join(at, "header"),
            message: `${reason}.`,
            help: "Use a name of your own, for example 'X-Customer-ID'.",
          });
      }
  },
} satisfies Check;
