/** An edge in a lab with a carrier side and an agent side, for calls between programs. */
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { unbencode } from "../../src/host/bencode.ts";
import { type Message, messagesOf } from "../../src/phone/message.ts";
import { type SippResult, sippCall } from "../../src/phone/sipp.ts";
import { type Caller, caller as callerScenario } from "../../src/phone/sipp-caller.ts";
import { type Edge, type EdgeOptions, startEdge } from "../lab/edge.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import {
  type AgentOptions,
  type CallerOptions,
  startAgent,
  startCaller,
  type TestAgent,
  type TestCaller,
} from "../lab/peers.ts";

/** The edge's two sides. */
export const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
export const agentsSide = { address: "10.0.4.1", port: 5080 } as const;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Number `n` of the edge, and how a caller dials it. */
export const number = (n: number): string => `+1415555${1000 + n}`;
export const dial = (n: number, transport: "udp" | "tcp" = "udp"): string =>
  `sip:${number(n)}@${edgeAt.address}:${edgeAt.port}${transport === "tcp" ? ";transport=tcp" : ""}`;

export interface World {
  readonly lab: Lab;
  readonly edge: Edge;
  /** A SIPp call from a port of its own, to its end; without audio unless the scenario plays. */
  sipp(
    n: number,
    o?: Partial<Caller> & { readonly receiveMs?: number; readonly calls?: number; readonly rate?: number },
  ): Promise<SippResult>;
  /** Agents' addresses as the edge judges them: `AP` is in use, `IP` is not. */
  targets(): Promise<Readonly<Record<string, string>>>;
  /** Waits until the edge sends calls to an agent's address: it gives up those that nobody answers at before a test begins. */
  inUse(at: string): Promise<void>;
  /** Call-IDs that rtpengine knows. */
  sessions(): Promise<readonly string[]>;
  /** A caller that is stopped at the end of the test. */
  caller(o: CallerOptions): Promise<TestCaller>;
  /** An agent that the edge sends calls to; it is stopped at the end of the test. */
  agent(o: AgentOptions): Promise<TestAgent>;
  close(): Promise<void>;
}

/** One trunk `acme` that has the whole documentation network 203.0.113.0/24. */
export function draft(
  agents: Readonly<Record<string, unknown>>,
  inbound_routes: readonly unknown[],
  sip: Readonly<Record<string, unknown>> = {},
  trunk: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: "edge-1",
    network: {
      public_ip: edgeAt.address,
      agents: { address: agentsSide.address, udp: agentsSide.port },
      rtp: [30000, 30999],
    },
    trunks: [
      {
        crew_id: "acme",
        agents,
        ...trunk,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.0/24"] },
          codecs: [{ name: "PCMU" }, { name: "PCMA" }],
          inbound_routes,
          ...sip,
        },
      },
    ],
  };
}

/** Route `n` goes to an agent. */
export const toAgent = (n: number, agent_id: string, more: object = {}): object => ({
  match: { to_uri: number(n) },
  agent_id,
  ...more,
});

let asked = 0;

/** Call-IDs of the calls that the relay in this lab knows. */
export async function relaySessions(lab: Lab): Promise<readonly string[]> {
  const socket = await lab.udp("127.0.0.1");
  // rtpengine answers a cookie that it knows as it did before.
  asked += 1;
  await socket.send(`crew${asked} d5:limit4:10007:command4:liste`, { address: "127.0.0.1", port: 2223 });
  const { data } = await socket.receive(2000);
  await socket.close();
  const reply = unbencode(data.subarray(data.indexOf(" ") + 1));
  const calls = typeof reply === "object" && "calls" in reply ? reply.calls : undefined;
  if (!Array.isArray(calls)) throw new Error(`rtpengine answers ${data}`);
  return calls.map(String);
}

let placed = 0;

export async function openWorld(config: unknown, options: EdgeOptions = {}): Promise<World> {
  const lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  try {
    const edge = await startEdge(lab, config, options);
    const targets: World["targets"] = async () => {
      const words = ["-s", `unix:${join(edge.folder, "private/ctl.sock")}`, "dispatcher.list"];
      const { output } = await lab.exec(edge.runtime.command("kamcmd", words));
      const rows = output.matchAll(/URI: sip:([^;\s]+)[^\n]*\s+FLAGS: (\w+)/g);
      return Object.fromEntries([...rows].map(([, uri = "", flags = ""]) => [uri, flags]));
    };
    // The edge asks every ten seconds.
    const inUse: World["inUse"] = (at) =>
      expect.poll(async () => (await targets())[at], { timeout: 25_000 }).toMatch(/^A/) as Promise<void>;
    return {
      lab,
      edge,
      sipp: async (n, { receiveMs = 15_000, calls = 1, rate = 10, ...o } = {}) => {
        const i = placed++;
        const address = "203.0.113.100";
        const at = { launcher: await lab.host(address), address, port: 7000 + i, rtpPort: 10_000 + 8 * i };
        const run = { ...at, tools: lab.tools, dir: join(lab.dir, "calls"), name: `call-${i}`, receiveMs };
        const remote = `${edgeAt.address}:${edgeAt.port}`;
        return sippCall(
          { ...run, remote, calls, rate, atOnce: calls },
          callerScenario({ to: number(n), talkMs: 100, ...o }),
        );
      },
      targets,
      inUse,
      sessions: () => relaySessions(lab),
      caller: async (o) => {
        const made = await startCaller(lab, o);
        onTestFinished(() => made.stop());
        return made;
      },
      agent: async (o) => {
        const made = await startAgent(lab, o);
        onTestFinished(() => made.stop());
        await inUse(o.at);
        return made;
      },
      close: () => lab.close(),
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Whether a request of this method was received (or sent) in a trace. */
export const saw = (
  messages: readonly Message[],
  direction: Message["direction"],
  what: string | number,
): boolean => messagesOf(messages, what).some((m) => m.direction === direction);
