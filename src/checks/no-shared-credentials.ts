/** CREW3115: one user name, two trunks. */
import { join } from "../core/pointer.ts";
import type { TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleEdge } from "./sample.ts";

const trunk = (crew_id: string, username: string) => ({
  crew_id,
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: {
    nat: false,
    auth: { type: "digest", username, password: { secret: `${crew_id.toUpperCase()}_PASSWORD` } },
    inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],
  },
});

export const check = {
  code: "CREW3115",
  name: "noSharedCredentials",
  severity: "error",
  summary: "Two digest trunks have the same user name and realm.",
  why: "A digest trunk is known by its user name. Where two have the same one, nothing says which trunk a call belongs to.",
  bad: sampleEdge({ trunks: [trunk("one", "branch"), trunk("two", "branch")] }),
  good: sampleEdge({ trunks: [trunk("one", "branch-1"), trunk("two", "branch-2")] }),
  run(model, report) {
    const first = new Map<string, TrunkModel>();
    for (const trunk of model.trunks) {
      if (trunk.auth.type !== "digest") continue;
      const key = `${trunk.auth.username}\n${trunk.auth.realm}`;
      const twin = first.get(key);
      if (twin === undefined) first.set(key, trunk);
      else
        report({
          pointer: join(trunk.auth.at, "username"),
          message: `'${trunk.auth.username}' is the user name of trunk '${twin.id}' and of trunk '${trunk.id}'.`,
          related: [
            { pointer: join(twin.at, "sip", "auth", "username"), label: `that of trunk '${twin.id}'` },
          ],
          help: "Give each trunk a user name of its own.",
        });
    }
  },
} satisfies Check;
