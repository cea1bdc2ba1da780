/** Calls of several kinds at a steady rate, for as long as a test likes, and what became of each. */
import { join } from "node:path";
import type { Launcher, Running } from "../../src/phone/process.ts";
import { type Sipp, type SippResult, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import { callee } from "../../src/phone/sipp-callee.ts";
import { caller } from "../../src/phone/sipp-caller.ts";
import type { Lab } from "../lab/netns.ts";
import { everyKind, type Kind } from "./call-kinds.ts";
import { draft, edgeAt, number, toAgent } from "./call-world.ts";

export interface Outcome {
  readonly name: string;
  readonly calls: number;
  readonly asWanted: number;
  readonly retransmissions: number;
  readonly codes: Readonly<Record<number, number>>;
  readonly errors: string;
}

export interface Load {
  /** No new calls from now on; resolves when the last one has ended. */
  finish(): Promise<readonly Outcome[]>;
}

/** Agents on ports 5100 and up of one host, one for each kind. */
export const kindAgents = (kinds: readonly Kind[], host: string): Readonly<Record<string, { uri: string }>> =>
  Object.fromEntries(kinds.map((_, i) => [`kind_${i}`, { uri: `sip:${host}:${5100 + i}` }]));

export async function startKindAgents(
  lab: Lab,
  kinds: readonly Kind[],
  host: string,
): Promise<readonly Sipp[]> {
  const launcher = await lab.host(host);
  return Promise.all(
    kinds.map((kind, i) => {
      const at = { address: host, port: 5100 + i, rtpPort: 20_000 + i * 1000, trace: false, echo: true };
      const run = { launcher, tools: lab.tools, dir: join(lab.dir, "load-agents"), name: `kind-${i}`, ...at };
      return sippAgent(run, typeof kind.callee === "string" ? kind.callee : callee(kind.callee));
    }),
  );
}

/** Starts the calls of all kinds to numbers 0 and up; they go on until `finish`, five minutes at most. */
export async function startLoad(
  lab: Lab,
  kinds: readonly Kind[],
  from: string,
  trace = false,
): Promise<Load> {
  const place = await lab.host(from);
  const running: Running[] = [];
  const launcher: Launcher = {
    spawn: async (...args) => {
      const started = await place.spawn(...args);
      running.push(started);
      return started;
    },
  };
  const runs = kinds.map((kind, i) => {
    const calls = kind.rate * 300;
    const o = {
      ...{ launcher, tools: lab.tools, dir: join(lab.dir, "load"), name: `kind-${i}`, trace },
      ...{ address: from, port: 6000 + i, rtpPort: 10_000 + i * 1000, receiveMs: 60_000 },
      ...{ remote: `${edgeAt.address}:${edgeAt.port}`, calls, rate: kind.rate, atOnce: calls },
    };
    const to = number(i);
    return sippCall(o, typeof kind.caller === "function" ? kind.caller(to) : caller({ to, ...kind.caller }));
  });
  return {
    finish: async () => {
      // SIPp places no new calls then and ends with the last one (sipp(1)).
      for (const sipp of running) sipp.kill("SIGUSR1");
      return (await Promise.all(runs)).map((result, i) => outcome(kinds[i] as Kind, result));
    },
  };
}

function outcome(kind: Kind, r: SippResult): Outcome {
  return {
    name: kind.name,
    calls: r.ok + r.failed,
    asWanted: Math.min(r.ok, r.codes[kind.code] ?? 0),
    retransmissions: r.retransmissions,
    codes: r.codes,
    errors: r.errors.slice(0, 2000),
  };
}

/** One line for each kind, and the sum. */
export function table(outcomes: readonly Outcome[]): string {
  const line = (o: Pick<Outcome, "name" | "calls" | "asWanted" | "retransmissions">): string =>
    `${o.name.padEnd(20)} ${String(o.calls).padStart(5)} calls ${String(o.asWanted).padStart(5)} as wanted ${String(o.retransmissions).padStart(4)} retransmissions`;
  const sum = (of: (o: Outcome) => number): number => outcomes.reduce((n, o) => n + of(o), 0);
  const all = {
    name: "in all",
    calls: sum((o) => o.calls),
    asWanted: sum((o) => o.asWanted),
    retransmissions: sum((o) => o.retransmissions),
  };
  return [...outcomes, all].map(line).join("\n");
}

/** Routes beside those of the kinds: phones that talk, and one that rings for very long. */
export const talkers = [
  { number: 20, caller: "203.0.113.11", agent: "10.0.4.11", transport: "udp" },
  { number: 22, caller: "203.0.113.13", agent: "10.0.4.13", transport: "tcp" },
] as const;
export const longRing = { number: 21, port: 5200, ms: 65_000 } as const;

/**
 * The edge of generation `n`, which has other features than the one before: limits, numbers in national form, a rule
 * before the numbers, and with `digest` a trunk that proves itself with a password.
 */
export function changedEdge(n: number, agentHost: string, digest?: object): object {
  const routes = [
    ...(n % 3 === 0 ? [{ match: { caller_prefix: "+1900" }, refuse: { code: 603 } }] : []),
    ...everyKind.map((_, i) => toAgent(i, `kind_${i}`)),
    ...talkers.map((t) => toAgent(t.number, `talker_${t.transport}`)),
    toAgent(longRing.number, "long"),
    { match: { to_user: `only-${n}` }, agent_id: "kind_0" },
  ];
  const agents = {
    ...kindAgents(everyKind, agentHost),
    ...Object.fromEntries(
      talkers.map((t) => [`talker_${t.transport}`, { uri: `sip:${t.agent}:5080;transport=${t.transport}` }]),
    ),
    long: { uri: `sip:${agentHost}:${longRing.port}` },
  };
  const trunk = {
    ...(n % 2 === 0 ? { limits: { calls: 240, calls_per_second: 200 } } : {}),
    ...(n % 4 < 2 ? { country: "US" } : {}),
  };
  const edge = draft(agents, routes, {}, trunk);
  return digest === undefined ? edge : { ...edge, trunks: [...(edge.trunks as readonly object[]), digest] };
}
