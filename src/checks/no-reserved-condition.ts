/** CREW3131: conditions on headers that say nothing of the call. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { reservedCondition } from "./header-names.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (name: string) =>
  sampleTrunk({
    sip: {
      inbound_routes: [
        { match: { to_user: "main", header: { name, contains: "sales" } }, agent_id: "agent_sarah" },
      ],
    },
  });

export const check = {
  code: "CREW3131",
  name: "noReservedCondition",
  severity: "error",
  summary: "A route looks at a header of the protocol or of crew.",
  why: "Those headers say how a message travels, or come from the edge itself. The called and the calling number have conditions of their own that read them safely.",
  beside: "any",
  bad: sample("Via"),
  good: sample("X-Queue"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { match } of trunk.routes)
        for (const { at, name } of match.headers ?? []) {
          const reason = reservedCondition(name);
          if (reason !== undefined)
            report({
              pointer: join(at, "name"),
              message: `${reason}.`,
              help: "Use 'to_uri', 'to_user' and 'caller' for numbers, and headers of your own such as 'X-Queue' for all else.",
            });
        }
  },
} satisfies Check;
