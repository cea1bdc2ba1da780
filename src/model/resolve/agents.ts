/** The agents of the trunks, each once, with unique keys. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { AgentModel, AgentTarget } from "../model.ts";
import type { agent as agentSchema } from "../schema/agent.ts";
import type { Report } from "./report.ts";
import { resolveSipUri } from "./uri.ts";

type AgentDraft = z.output<typeof agentSchema>;

/** One agent, without its key; `undefined` where none of its URIs can be used. */
export function resolveAgent(
  id: string,
  draft: AgentDraft,
  at: JsonPointer,
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
  if (targets.length === 0) return undefined;
  return {
    at,
    key: id,
    id,
    targets: targets.sort((a, b) => a.priority - b.priority),
    ...(draft.codecs === undefined ? {} : { codecs: draft.codecs }),
    nat: draft.nat ?? false,
    media_encryption: draft.media_encryption ?? "disabled",
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
  };
}

/** Collects agents of all trunks: the same agent of several trunks once, different ones of the same id apart. */
export function agentPool() {
  const byKey = new Map<string, { readonly agent: AgentModel; readonly content: string }>();
  return {
    /** The key under which the agent stands in the Model. */
    add(trunk: string, agent: AgentModel): string {
      const content = contentOf(agent);
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
    all: (): AgentModel[] => [...byKey.values()].map((held) => held.agent),
  };
}

function contentOf(agent: AgentModel): string {
  return JSON.stringify(agent, (name, value) => (name === "at" ? undefined : value));
}
