/** Test agents behind one interface, whatever program plays them. */
import { join } from "node:path";
import { type PhoneOptions, phone } from "../../src/phone/baresip.ts";
import { type Message, messagesOf } from "../../src/phone/message.ts";
import { sippAgent } from "../../src/phone/sipp.ts";
import type { Callee } from "../../src/phone/sipp-callee.ts";
import type { Recognition } from "../../src/phone/tone.ts";
import { startAsterisk } from "./asterisk.ts";
import type { Certificate } from "./certificates.ts";
import type { Lab } from "./netns.ts";
import { nextPeer, nobody, own, settled, type Via } from "./peer.ts";

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
  readonly transport?: "udp" | "tcp" | "tls";
  /** For SIPp over TLS. */
  readonly certificate?: Certificate;
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
  const { name, rtpPort } = nextPeer("agent");
  const me = own(o.at, 5080);
  const rtpPorts = [rtpPort, rtpPort + 998] as const;
  const dir = join(lab.dir, name);
  const at = await lab.host(me.address);
  if (o.via === "sipp") {
    if (typeof o.plays === "number") throw new Error("a SIPp agent plays no tone, it echoes");
    const run = { launcher: at, tools: lab.tools, dir, name, ...me, rtpPort, echo: true };
    const ring = o.ringMs === undefined ? {} : { ringMs: o.ringMs };
    const tls =
      o.certificate === undefined
        ? {}
        : { tls: { certificate: o.certificate.certificate, key: o.certificate.key } };
    const sipp = await sippAgent({ ...run, transport: o.transport ?? "udp", ...tls }, { ...ring, ...o.sipp });
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
