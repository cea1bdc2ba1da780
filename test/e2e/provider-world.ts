/** An edge between a SIPp that plays the provider and an Asterisk that is the agent, for calls in both directions. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type Message, messagesOf } from "../../src/phone/message.ts";
import { type Sipp, sippAgent, sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { type Caller, caller } from "../../src/phone/sipp-caller.ts";
import { type Asterisk, type AsteriskOutcome, startAsterisk } from "../lab/asterisk.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { type Lab, openLab } from "../lab/netns.ts";

export const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
export const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
export const providerAt = "203.0.113.50";
export const agentAt = "10.0.4.10";
export const realm = "provider.example.com";
/** Without characters that SIPp would read as the end of a word. */
export const password = "sEcret$1";
export const hz = { provider: 700, agent: 1100 } as const;
/** What calls of the agent go to, and calls of the provider. */
export const outside = "+14155550123";
export const inside = "+14155550001";

/** Waits for the agent's BYE, which would else reach the SIPp of the next test. */
export const hungUp = (provider: Sipp): Promise<void> =>
  expect
    .poll(() => messagesOf(provider.messages(), "BYE").length, { timeout: 5000, interval: 20 })
    .toBe(1) as Promise<void>;

export interface ProviderWorld {
  readonly lab: Lab;
  readonly edge: Edge;
  /** Calls, and plays a tone to whoever calls it; rings for half a second first, reliably where it may (RFC 3262). */
  readonly agent: Asterisk;
  /** SIPp as the provider's answering side until the test ends; it sends back what it hears. */
  answers(behaviour?: Callee | string): Promise<Sipp>;
  /** A call of the agent with its tone. */
  callsOut(talkMs?: number): Promise<AsteriskOutcome>;
  /** A call of the provider to the agent: what SIPp says of it, and the tones that both heard. */
  callsIn(o?: Partial<Caller> | string): Promise<{
    readonly ok: boolean;
    readonly code: number | undefined;
    readonly messages: readonly Message[];
    readonly heard: { readonly provider: boolean; readonly agent: boolean };
  }>;
  close(): Promise<void>;
}

export async function openProvider(o: { readonly agent?: readonly string[] } = {}): Promise<ProviderWorld> {
  const lab = await openLab({ addresses: [edgeAt.address, agentsSide.address] });
  const at = await lab.host(providerAt);
  const edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents: { agent: { uri: `sip:${agentAt}:5080` } },
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [providerAt] },
            codecs: [{ name: "PCMU" }, { name: "PCMA" }],
            inbound_routes: [{ match: { to_uri: inside }, agent_id: "agent" }],
            outbound: {
              uri: `sip:${providerAt}:5060`,
              auth: { username: "acme", password: { secret: "P" }, realm },
              allowed_destinations: ["+1"],
            },
          },
        },
      ],
    },
    { passwords: [{ trunk: "acme", password }] },
  );
  const agent = await startAsterisk(
    lab,
    "agent",
    {
      address: agentAt,
      port: 5080,
      trunks: { edge: { ...agentsSide, endpoint: ["inband_progress=yes", ...(o.agent ?? [])] } },
      agent: { hz: hz.agent },
      ringMs: 500,
    },
    await lab.host(agentAt),
  );
  const play = join(lab.dir, "provider.ul");
  writeFileSync(play, muLawTone(hz.provider, 20_000));
  let runs = 0;
  const sipp = { launcher: at, tools: lab.tools, dir: join(lab.dir, "sipp"), address: providerAt };
  return {
    lab,
    edge,
    agent,
    answers: async (behaviour = {}) => {
      const run = { ...sipp, name: `answers-${++runs}`, port: 5060, rtpPort: 16_000, echo: true };
      const made = await sippAgent(run, behaviour);
      onTestFinished(() => made.stop());
      return made;
    },
    callsOut: (talkMs = 1500) => agent.call({ to: outside, trunk: "edge", hz: hz.agent, talkMs }),
    callsIn: async (how = {}) => {
      const before = agent.messages().length;
      const rtpPort = 20_000;
      const ports = `dst portrange ${rtpPort}-${rtpPort + 998}`;
      const wire = await capture(lab, `udp and dst host ${providerAt} and ${ports}`, at);
      const scenario = typeof how === "string" ? how : caller({ to: inside, play, talkMs: 1500, ...how });
      const remote = `${edgeAt.address}:${edgeAt.port}`;
      const run = { ...sipp, name: `calls-${++runs}`, port: 5070, rtpPort, receiveMs: 10_000, remote };
      const result = await sippCall(run, scenario);
      const streams = rtpStreams(await wire.stop());
      const answered = messagesOf(agent.messages().slice(before), "INVITE").length > 0;
      if (answered)
        await expect.poll(() => agent.lastHeard(hz.provider).of, { timeout: 3000 }).toBeGreaterThan(0);
      return {
        ok: result.ok === 1,
        code: result.events.findLast((e) => e.code !== undefined)?.code,
        messages: result.messages,
        heard: {
          provider: streams.some((s) => s.heard(hz.agent).heard),
          agent: answered && agent.lastHeard(hz.provider).heard,
        },
      };
    },
    close: () => lab.close(),
  };
}
