/** CREW2210: a number that is compared as text. */
import { join } from "../core/pointer.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

export const check = {
  code: "CREW2210",
  name: "useNumberMatch",
  severity: "info",
  summary: "'to_user' holds a telephone number.",
  why: "'to_user' is compared letter by letter: a provider that writes the same number as 0014155551111 or 14155551111 does not match. 'to_uri' compares numbers in E.164.",
  bad: sampleTrunk({
    sip: { inbound_routes: [{ match: { to_user: "+14155551111" }, agent_id: "agent_sarah" }] },
  }),
  good: sampleTrunk({
    sip: { inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }] },
  }),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const { at, match } of trunk.routes)
        if (match.to_user !== undefined && /^\+[1-9][0-9]{6,14}$/.test(match.to_user))
          report({
            pointer: join(at, "match", "to_user"),
            message: `'${match.to_user}' is compared as text, not as a number.`,
            help: "Write 'to_uri' instead of 'to_user'.",
          });
  },
} satisfies Check;
