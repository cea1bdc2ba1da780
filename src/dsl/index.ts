/** What `import … from "crew"` gives: functions that type a config and return it as it is. */
import type { Agent, Edge, Route, SecretRef, Trunk } from "./types.generated.ts";

export type * from "./types.generated.ts";

/** Agents by their id. */
export type Agents = Readonly<Record<string, Agent>>;

/** What beside the ids of known agents a trunk's routes may name: nothing, or behind a gateway any id. */
export type IdsBehind<Gateway> = [Gateway] extends [undefined] ? never : string & {};

/**
 * Names the voice agents that trunks send calls to.
 *
 * @example
 * const agents = defineAgents({
 *   agent_sarah: { uri: "sip:10.0.4.10:5080" },
 * });
 */
export function defineAgents<const A extends Agents>(agents: A): A {
  return agents;
}

/**
 * Describes one relationship with a PBX or provider. `agent_id` in its routes accepts only the agents that the trunk
 * is given; with `agent_gateway`, any.
 *
 * @example
 * defineTrunk({
 *   crew_id: "acme",
 *   agents,
 *   sip: {
 *     auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },
 *     inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],
 *   },
 * });
 */
export function defineTrunk<A extends Agents = Agents, Gateway extends string | undefined = undefined>(
  trunk: Trunk<NoInfer<(keyof A & string) | IdsBehind<Gateway>>> & {
    readonly agents?: A | undefined;
    readonly agent_gateway?: Gateway | undefined;
  },
): Trunk {
  return trunk;
}

/**
 * Describes the host, or several alike, that runs the trunks.
 *
 * @example
 * export default defineEdge({ name: "edge-1", trunks: [head_office], network: { public_ip: "198.51.100.7" } });
 */
export function defineEdge(edge: Edge): Edge {
  return edge;
}

/**
 * Types routes that are made by code, such as `map()` over a list of numbers: `agent_id` accepts only these agents.
 * Routes that are written out in the trunk do not need it.
 *
 * @example
 * inbound_routes: defineRoutes(agents, numbers.map((number) => ({ match: { to_uri: number }, agent_id: "agent_sarah" }))),
 */
export function defineRoutes<A extends Agents>(
  agents: A,
  routes: readonly Route<keyof A & string>[],
): readonly Route<keyof A & string>[] {
  void agents;
  return routes;
}

/**
 * Accepts routes whose agents TypeScript cannot know, such as those of an imported JSON file. Their `agent_id` is
 * checked when the config is compiled instead of in the editor.
 *
 * @example
 * import numbers from "./numbers.json" with { type: "json" };
 * // ...
 * inbound_routes: uncheckedRoutes(numbers),
 */
export function uncheckedRoutes(routes: readonly Route[]): readonly Route<never>[] {
  return routes as readonly Route<never>[];
}

/**
 * Refers to a secret by the name of an environment variable, or of an entry in the secrets file. It is bound at
 * deployment and never enters an artifact.
 */
export function secret(name: string): SecretRef {
  return { secret: name };
}
