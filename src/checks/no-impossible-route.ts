/** CREW2203: conditions that contradict each other. */
import { join } from "../core/pointer.ts";
import type { MatchModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const sample = (prefix: string) =>
  sampleTrunk({
    sip: {
      inbound_routes: [{ match: { to_uri: "+14155551111", to_prefix: prefix }, agent_id: "agent_sarah" }],
    },
  });

export const check = {
  code: "CREW2203",
  name: "noImpossibleRoute",
  severity: "error",
  summary: "The conditions of a route contradict each other.",
  why: "All conditions of a route must hold at once; where two of them exclude each other, it never gets a call.",
  beside: "any",
  bad: sample("+49"),
  good: sample("+1"),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const route of trunk.routes) {
        const clash = contradiction(route.match);
        if (clash !== undefined)
          report({
            pointer: join(route.at, "match"),
            message: `${clash}, so this route never gets a call.`,
            help: "Remove one of the two conditions, or make two routes.",
          });
      }
  },
} satisfies Check;

function contradiction({
  to_user,
  to_number,
  to_prefix,
  to_pattern,
  caller,
  caller_prefix,
}: MatchModel): string | undefined {
  if (to_number !== undefined && to_prefix !== undefined && !to_number.startsWith(to_prefix))
    return `'${to_number}' does not start with '${to_prefix}'`;
  if (caller !== undefined && caller_prefix !== undefined && !caller.startsWith(caller_prefix))
    return `The caller '${caller}' does not start with '${caller_prefix}'`;
  if (to_user !== undefined && to_pattern !== undefined && !new RegExp(`^${to_pattern}$`).test(to_user))
    return `'${to_user}' does not match '${to_pattern}'`;
  if (to_user === undefined || !/^\+[1-9][0-9]+$/.test(to_user)) return undefined;
  if (to_number !== undefined && to_user !== to_number) return `'${to_user}' is not '${to_number}'`;
  if (to_prefix !== undefined && !to_user.startsWith(to_prefix))
    return `'${to_user}' does not start with '${to_prefix}'`;
  return undefined;
}
