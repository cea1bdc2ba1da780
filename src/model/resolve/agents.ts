/** The agents of the trunks, each once, with unique keys. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { AgentModel, AgentTarget } from "../model.ts";
import type { agent as agentSchema } from "../schema/agent.ts";
import { resolveAllowlist } from "./allowlist.ts";
import { resolveDigest } from "./auth.ts";
import type { Report } from "./report.ts";
import { resolveSipUri } from "./uri.ts";

type AgentDraft = z.output<typeof agentSchema>;

/** One agent, with its id for a key; `undefined` where none of its URIs can be used. `realm`: that of challenges. */
export function resolveAgent(
  id: string,
  draft: AgentDraft,
  at: JsonPointer,
  realm: string,
  report: Report,
): AgentModel | undefined {
  const uris = Array.isArray(draft.uri) ? draft.uri : [draft.uri];
  const targets: AgentTarget[] = [];
  for (const [i, entry] of uris.entries()) {
    const place = Array.isArray(draft.uri) ? join(at, "uri", i) : join(at, "uri");
    const { uri, priority = 1, weight = 1 } = typeof entry === "string" ? { uri: entry } : entry;
    const parts = resolveSipUri(uri, typeof entry === "string" ? place : join(place, "uri"), report);
    if (parts !== undefined) targets.push({ at: place, ...parts, priority, weight });
  }
  const allowed =
    draft.allowed_ips === undefined
      ? []
      : resolveAllowlist(draft.allowed_ips, join(at, "allowed_ips"), "the agent", report);
  if (targets.length === 0) return undefined;
  return {
    at,
    key: id,
    id,
    targets: targets.sort((a, b) => a.priority - b.priority),
    ...(draft.codecs === undefined ? {} : { codecs: draft.codecs }),
    nat: draft.nat ?? draft.auth !== undefined,
    media_encryption: draft.media_encryption ?? "disabled",
    allowed_ips: allowed,
    ...(draft.auth === undefined ? {} : { auth: resolveDigest(draft.auth, join(at, "auth"), realm) }),
  };
}

/** The agent that a gateway plays for an id: the gateway's address with the id as the user part. */
export function gatewayAgent(
  id: string,
  uri: string,
  at: JsonPointer,
  report: Report,
): AgentModel | undefined {
  const parts = resolveSipUri(uri, at, report);
  if (parts === undefined) return undefined;
  return {
    at,
    key: id,
    id,
    targets: [{ at, ...parts, user: id, priority: 1, weight: 1 }],
    nat: false,
    media_encryption: "disabled",
    allowed_ips: [],
  };
}

export type AgentPool = ReturnType<typeof agentPool>;

/** Gives the key of the agent that a trunk knows by an id. */
type AgentLookup = (id: string) => string | undefined;

/** Collects agents of all trunks: the same agent of several trunks once, different ones of the same id apart. */
export function agentPool() {
  const byKey = new Map<string, { readonly agent: AgentModel; readonly content: string }>();
  const lookups: AgentLookup[] = [];
  return {
    /** The key under which the agent stands in the Model. `draft` tells agents with different literal passwords apart. */
    add(trunk: string, agent: AgentModel, draft?: AgentDraft): string {
      const content = contentOf(agent, draft);
      for (const key of [agent.id, `${trunk}/${agent.id}`]) {
        const held = byKey.get(key);
        if (held === undefined) {
          byKey.set(key, { agent: { ...agent, key }, content });
          return key;
        }
        if (held.content === content) return key;
      }
      throw new Error(`agent '${agent.id}' of trunk '${trunk}' was resolved twice`);
    },
    /** Makes the agents of one more trunk known. */
    addLookup: (lookup: AgentLookup): void => void lookups.push(lookup),
    /** Keys of all agents that any trunk knows by an id, sorted. */
    keysOf: (id: string): string[] => [...new Set(lookups.flatMap((lookup) => lookup(id) ?? []))].sort(),
    all: (): AgentModel[] => [...byKey.values()].map((held) => held.agent),
  };
}

/** A literal password counts by its value, not by the place where each trunk has it. */
function contentOf(agent: AgentModel, draft: AgentDraft | undefined): string {
  const text = JSON.stringify(agent, (name, value) =>
    name === "at" || name === "pointer" ? undefined : value,
  );
  return `${text}${JSON.stringify(draft?.auth?.password) ?? ""}`;
}
