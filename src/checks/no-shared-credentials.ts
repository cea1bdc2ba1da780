/** CREW3115: one user name, two trunks. */
import { join } from "../core/pointer.ts";
import type { DigestModel } from "../model/model.ts";
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
  summary: "Two digest trunks, or two agents, have the same user name and realm.",
  why: "Who signs in with a password is known by the user name. Where two have the same one, nothing says whose a call is.",
  beside: "any",
  bad: sampleEdge({ trunks: [trunk("one", "branch"), trunk("two", "branch")] }),
  good: sampleEdge({ trunks: [trunk("one", "branch-1"), trunk("two", "branch-2")] }),
  run(model, report) {
    const trunks = model.trunks.flatMap(({ id, auth }) =>
      auth.type === "digest" ? [{ owner: `trunk '${id}'`, auth }] : [],
    );
    const agents = model.agents.flatMap(({ id, auth }) =>
      auth === undefined ? [] : [{ owner: `agent '${id}'`, auth }],
    );
    // The two sides have sockets of their own, so a trunk and an agent may share a name.
    for (const side of [trunks, agents]) {
      const first = new Map<string, Owned>();
      for (const owned of side) {
        const key = `${owned.auth.username}\n${owned.auth.realm}`;
        const twin = first.get(key);
        if (twin === undefined) first.set(key, owned);
        else
          report({
            pointer: join(owned.auth.at, "username"),
            message: `'${owned.auth.username}' is the user name of ${twin.owner} and of ${owned.owner}.`,
            related: [{ pointer: join(twin.auth.at, "username"), label: `that of ${twin.owner}` }],
            help: "Give each a user name of its own.",
          });
      }
    }
  },
} satisfies Check;

interface Owned {
  readonly owner: string;
  readonly auth: DigestModel;
}
