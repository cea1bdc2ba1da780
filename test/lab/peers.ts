/** Callers and agents of a lab behind one interface, whatever program plays them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { type Message, messagesOf } from "../../src/phone/message.ts";
import { sippAgent, sippCall } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import { type Caller, caller as callerScenario } from "../../src/phone/sipp-caller.ts";
import type { Recognition } from "../../src/phone/tone.ts";
import { type AsteriskTrunk, startAsterisk } from "./asterisk.ts";
import { capture, rtpStreams } from "./capture.ts";
import { muLawTone } from "./g711.ts";
import type { Lab } from "./netns.ts";

export type Via = "sipp" | "baresip" | "asterisk";

export interface CallerOptions {
  readonly via: Via;
  /** Source address, and port where it matters; default 5060. */
  readonly from: string;
  /** `sip:user@host:port`, with `;transport=tcp` where wanted: the Request-URI, and where it is sent. */
  readonly to: string;
  /** Caller's number; default +14155550100. */
  readonly number?: string;
  readonly auth?: { readonly username: string; readonly password: string };
  /** The tone it plays; default 700. */
  readonly hz?: number;
  /** For SIPp: everything else that a caller can do. */
  readonly sipp?: Partial<Caller>;
  /** For baresip. */
  readonly baresip?: Partial<PhoneOptions>;
  /** For Asterisk. */
  readonly asterisk?: Partial<AsteriskTrunk>;
}

export interface CallOptions {
  /** Default 1500. */
  readonly talkMs?: number;
  /** The other side's tone, default 1100; the caller's own where that echoes. */
  readonly expectHz?: number;
  /** How long the answer may take; default 10,000. */
  readonly waitMs?: number;
  /** INVITE headers; not for baresip. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallResult {
  readonly answered: boolean;
  /** Final code, where there was one. */
  readonly code?: number;
  readonly answerMs: number;
  /** Whether `expectHz` came back for at least 400 ms. */
  readonly heardTone: boolean;
  readonly heard: Recognition;
  readonly messages: readonly Message[];
}

export interface TestCaller {
  call(options?: CallOptions): Promise<CallResult>;
  stop(): Promise<void>;
}

let peers = 0;
const nobody: Recognition = { heard: false, ms: 0, of: 0 };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Target {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly transport: "udp" | "tcp";
}

function target(uri: string): Target {
  const m = /^sip:([^@]+)@(\[[^\]]+\]|[^:;]+)(?::(\d+))?(.*)$/.exec(uri);
  if (!m) throw new Error(`not a SIP URI with a user: ${uri}`);
  const [, user = "", host = "", port = "5060", parameters = ""] = m;
  return { user, host, port: Number(port), transport: /;transport=tcp/i.test(parameters) ? "tcp" : "udp" };
}

const own = (at: string, otherwise: number): { address: string; port: number } => {
  const [address = "", port] = at.split(":");
  return { address, port: port === undefined ? otherwise : Number(port) };
};

/** A caller on the host of its address; SIPp is started anew for each call, the others now. */
export async function startCaller(lab: Lab, o: CallerOptions): Promise<TestCaller> {
  const name = `caller-${++peers}`;
  const me = own(o.from, 5060);
  const to = target(o.to);
  const number = o.number ?? "+14155550100";
  const hz = o.hz ?? 700;
  const at = await lab.host(me.address);
  // Each peer its own range, so that several can share an address.
  const rtpPort = 30000 + (peers % 30) * 1000;
  if (o.via === "sipp") {
    const play = join(lab.dir, `${name}.ul`);
    writeFileSync(play, muLawTone(hz, 20_000));
    return {
      call: async (c = {}) => {
        const wire = await capture(
          lab,
          `udp and dst host ${me.address} and dst portrange ${rtpPort}-${rtpPort + 998}`,
        );
        const headers = Object.entries(c.headers ?? {}).map(([k, v]) => `${k}: ${v}`);
        const scenario = callerScenario({
          to: to.user,
          host: `${to.host}:${to.port}`,
          from: number,
          talkMs: c.talkMs ?? 1500,
          play,
          ...(o.auth ? { auth: o.auth } : {}),
          ...o.sipp,
          headers: [...headers, ...(o.sipp?.headers ?? [])],
        });
        const run = { launcher: at, tools: lab.tools, dir: join(lab.dir, name), name, ...me, rtpPort };
        const remote = `${to.host}:${to.port}`;
        const wait = c.waitMs ?? 10_000;
        const r = await sippCall({ ...run, transport: to.transport, remote, receiveMs: wait }, scenario);
        const streams = rtpStreams(await wire.stop());
        const heard = streams
          .map((s) => s.heard(c.expectHz ?? 1100))
          .reduce((a, b) => (b.ms > a.ms ? b : a), nobody);
        const last = r.events.findLast((e) => e.code !== undefined);
        const start = r.events.find((e) => e.event === "invite");
        const answer = r.events.find((e) => e.event === "answered" || e.event === "refused");
        return {
          answered: r.events.some((e) => e.event === "answered") && r.ok === 1,
          ...(last?.code === undefined ? {} : { code: last.code }),
          answerMs: (answer?.at ?? 0) - (start?.at ?? 0),
          heardTone: heard.heard,
          heard,
          messages: r.messages,
        };
      },
      stop: async () => {},
    };
  }
  if (o.via === "baresip") {
    const options = {
      launcher: at,
      tools: lab.tools,
      dir: join(lab.dir, name),
      name,
      ...me,
      user: number,
      playHz: hz,
    };
    const ports = { rtpPorts: [rtpPort, rtpPort + 998] as const };
    const p: Phone = await phone({ ...options, ...ports, ...(o.auth ? { auth: o.auth } : {}), ...o.baresip });
    return {
      call: async (c = {}) => {
        if (c.headers) throw new Error("baresip adds no headers");
        const before = p.messages().length;
        const d = await p.dial(o.to, c.waitMs);
        if (d.answered) {
          await sleep(c.talkMs ?? 1500);
          p.hangUp();
          await p.ended(5000);
        }
        const heard = p.heard(c.expectHz ?? 1100);
        const { answered, answerMs } = d;
        const code = d.code === undefined ? {} : { code: d.code };
        return {
          answered,
          ...code,
          answerMs,
          heardTone: heard.heard,
          heard,
          messages: p.messages().slice(before),
        };
      },
      stop: () => p.stop(),
    };
  }
  const trunk = {
    address: to.host,
    port: to.port,
    transport: to.transport,
    ...(o.auth ? { auth: o.auth } : {}),
  };
  const rtpPorts = [rtpPort, rtpPort + 998] as const;
  const trunks = { edge: { ...trunk, ...o.asterisk } };
  const pbx = await startAsterisk(lab, name, { ...me, trunks, rtpPorts }, at);
  return {
    call: async (c = {}) => {
      const before = pbx.messages().length;
      const ringSeconds = Math.ceil((c.waitMs ?? 10_000) / 1000);
      const more = c.headers ? { headers: c.headers } : {};
      const call = {
        to: to.user,
        trunk: "edge",
        from: number,
        talkMs: c.talkMs ?? 1500,
        hz,
        ringSeconds,
        ...more,
      };
      const r = await pbx.call(call);
      const heard = r.answered ? await settled(() => r.heard(c.expectHz ?? 1100)) : nobody;
      const code = r.code === undefined ? {} : { code: r.code };
      const messages = pbx.messages().slice(before);
      return { answered: r.answered, ...code, answerMs: r.answerMs, heardTone: heard.heard, heard, messages };
    },
    stop: () => pbx.stop(),
  };
}

export interface AgentOptions {
  readonly via: Via;
  /** `address:port`; the port defaults to 5080. */
  readonly at: string;
  /**
   * What callers hear: `echo` their own voice (SIPp, Asterisk), a number a tone of so many hertz (baresip, Asterisk).
   * Default 1100 Hz where it can, else echo.
   */
  readonly plays?: "echo" | number;
  readonly ringMs?: number;
  /** For SIPp: refusals, silence, early media and what else a callee can do. */
  readonly sipp?: Callee;
  readonly transport?: "udp" | "tcp";
  readonly baresip?: Partial<PhoneOptions>;
  /** For Asterisk: from which address it is called, since it takes calls from nobody else; default 10.0.4.1. */
  readonly edge?: string;
}

export interface TestAgent {
  /** The INVITEs of new calls that reached it, oldest first. */
  invites(): readonly Message[];
  messages(): readonly Message[];
  /** What it heard in its last call, once the recording grows no more; SIPp hears nothing. */
  heard(hz: number): Promise<Recognition>;
  stop(): Promise<void>;
}

/** Programs write recordings a little after the call: waits until the length stays the same, a second at most. */
async function settled(read: () => Recognition): Promise<Recognition> {
  let last = read();
  for (let i = 0; i < 7; i++) {
    await sleep(150);
    const now = read();
    if (now.of === last.of && now.of > 0) return now;
    last = now;
  }
  return last;
}

/** An INVITE without a To tag, seen for the first time. */
function newCalls(messages: readonly Message[]): readonly Message[] {
  const seen = new Set<string>();
  return messagesOf(messages, "INVITE").filter((m) => {
    const id = /^Call-ID:\s*(\S+)/im.exec(m.text)?.[1] ?? "";
    const fresh = m.direction === "received" && !/^(To|t):[^\r\n]*;tag=/im.test(m.text) && !seen.has(id);
    seen.add(id);
    return fresh;
  });
}

/** An agent that answers until stopped, on the host of its address. */
export async function startAgent(lab: Lab, o: AgentOptions): Promise<TestAgent> {
  const name = `agent-${++peers}`;
  const me = own(o.at, 5080);
  const rtpPort = 30000 + (peers % 30) * 1000;
  const rtpPorts = [rtpPort, rtpPort + 998] as const;
  const dir = join(lab.dir, name);
  const at = await lab.host(me.address);
  if (o.via === "sipp") {
    if (typeof o.plays === "number") throw new Error("a SIPp agent plays no tone, it echoes");
    const run = { launcher: at, tools: lab.tools, dir, name, ...me, rtpPort, echo: true };
    const ring = o.ringMs === undefined ? {} : { ringMs: o.ringMs };
    const sipp = await sippAgent({ ...run, transport: o.transport ?? "udp" }, { ...ring, ...o.sipp });
    return {
      invites: () => newCalls(sipp.messages()),
      messages: sipp.messages,
      heard: () => Promise.resolve(nobody),
      stop: () => sipp.stop(),
    };
  }
  if (o.via === "baresip") {
    if (o.plays === "echo" || o.ringMs !== undefined)
      throw new Error("a baresip agent answers at once with a tone");
    const playHz = o.plays ?? 1100;
    const p = await phone({
      launcher: at,
      tools: lab.tools,
      dir,
      name,
      ...me,
      user: "agent",
      playHz,
      rtpPorts,
      ...o.baresip,
    });
    return {
      invites: () => newCalls(p.messages()),
      messages: p.messages,
      heard: (hz) => settled(() => p.heard(hz)),
      stop: () => p.stop(),
    };
  }
  const plays = o.plays ?? 1100;
  const settings = {
    ...me,
    rtpPorts,
    trunks: { edge: { address: o.edge ?? "10.0.4.1" } },
    agent: plays === "echo" ? ("echo" as const) : { hz: plays },
    ...(o.ringMs === undefined ? {} : { ringMs: o.ringMs }),
  };
  const pbx = await startAsterisk(lab, name, settings, at);
  return {
    invites: () => newCalls(pbx.messages()),
    messages: pbx.messages,
    heard: (hz) => settled(() => pbx.lastHeard(hz)),
    stop: () => pbx.stop(),
  };
}
