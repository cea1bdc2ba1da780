/** Test callers behind one interface, whatever program plays them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Phone, type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import type { Message } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import { type Caller, caller as callerScenario } from "../../src/phone/sipp-caller.ts";
import type { Recognition } from "../../src/phone/tone.ts";
import { type AsteriskTrunk, startAsterisk } from "./asterisk.ts";
import { capture, rtpStreams } from "./capture.ts";
import type { Certificate } from "./certificates.ts";
import { muLawTone } from "./g711.ts";
import type { Lab } from "./netns.ts";
import { nextPeer, nobody, own, settled, sleep, type Via } from "./peer.ts";

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
  /** For SIPp over TLS. */
  readonly certificate?: Certificate;
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

interface Target {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly transport: "udp" | "tcp" | "tls";
}

function target(uri: string): Target {
  const m = /^sip:([^@]+)@(\[[^\]]+\]|[^:;]+)(?::(\d+))?(.*)$/.exec(uri);
  if (!m) throw new Error(`not a SIP URI with a user: ${uri}`);
  const [, user = "", host = "", port = "5060", parameters = ""] = m;
  const transport = /;transport=(tcp|tls)/i.exec(parameters)?.[1]?.toLowerCase() as "tcp" | "tls" | undefined;
  return { user, host, port: Number(port), transport: transport ?? "udp" };
}

/** A caller on the host of its address; SIPp is started anew for each call, the others now. */
export async function startCaller(lab: Lab, o: CallerOptions): Promise<TestCaller> {
  const { name, rtpPort } = nextPeer("caller");
  const me = own(o.from, 5060);
  const to = target(o.to);
  const number = o.number ?? "+14155550100";
  const hz = o.hz ?? 700;
  const at = await lab.host(me.address);
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
          // To SIPp brackets are keywords; where it calls is what its own keyword for that says.
          ...(to.host.startsWith("[") ? {} : { host: `${to.host}:${to.port}` }),
          from: number,
          talkMs: c.talkMs ?? 1500,
          play,
          ...(o.auth ? { auth: o.auth } : {}),
          ...o.sipp,
          headers: [...headers, ...(o.sipp?.headers ?? [])],
        });
        const run = { launcher: at, tools: lab.tools, dir: join(lab.dir, name), name, ...me, rtpPort };
        const remote = `${to.host}:${to.port}`;
        const tls =
          o.certificate === undefined
            ? {}
            : { tls: { certificate: o.certificate.certificate, key: o.certificate.key } };
        const wait = c.waitMs ?? 10_000;
        const r = await sippCall(
          { ...run, ...tls, transport: to.transport, remote, receiveMs: wait },
          scenario,
        );
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
    address: to.host.replace(/^\[|\]$/g, ""),
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
