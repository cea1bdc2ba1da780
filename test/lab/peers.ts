/** Callers and agents of a lab behind one interface, whatever program plays them. */
export { type AgentOptions, startAgent, type TestAgent } from "./agent.ts";
export {
  type CallerOptions,
  type CallOptions,
  type CallResult,
  startCaller,
  type TestCaller,
} from "./caller.ts";
export type { Via } from "./peer.ts";
