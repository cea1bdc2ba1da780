/** Calls with session timers between independent programs that outlast their session's expiry, watched from end to end. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Phone, phone } from "../../src/phone/baresip.ts";
import { headerValues, type Message } from "../../src/phone/message.ts";
import { sippCall } from "../../src/phone/sipp.ts";
import type { Recognition } from "../../src/phone/tone.ts";
import { type Asterisk, type AsteriskOutcome, startAsterisk } from "../lab/asterisk.ts";
import { capture, rtpStreams } from "../lab/capture.ts";
import { type Edge, startEdge } from "../lab/edge.ts";
import { muLawTone } from "../lab/g711.ts";
import { type Lab, openLab } from "../lab/netns.ts";
import { methodOf, statusOf } from "./kit/message.ts";
import { refreshing } from "./timed-sipp.ts";

const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
const providerAt = "203.0.113.50";
const sippAt = "203.0.113.60";
const pbxAt = "10.0.4.10";
const phoneAt = "10.0.4.11";
const account = { username: "acme", password: "s3;cret" };
const hz = { provider: 700, sipp: 1300, pbx: 1100, phone: 1900 } as const;

export interface TimedOptions {
  /** From the answer to the caller's BYE. */
  readonly seconds: number;
  /** Session-Expires of the Asterisks, and of the SIPps. */
  readonly expires: { readonly asterisk: number; readonly sipp: number };
}

/** What became of one call. */
export interface TimedCall {
  readonly name: string;
  readonly answered: boolean;
  /** Who ended it, and after how long, as the edge wrote it. */
  readonly by: unknown;
  readonly seconds: unknown;
  /** Requests that refreshed the session, one line each with the answer, as the side that sent or got them saw them. */
  readonly refreshes: readonly string[];
  /** The share of the call in which each side that records heard the other one's tone. */
  readonly heard: Readonly<Record<string, number>>;
}

interface World {
  readonly lab: Lab;
  readonly edge: Edge;
  readonly provider: Asterisk;
  readonly pbx: Asterisk;
  readonly phone: Phone;
}

async function open(o: TimedOptions): Promise<World> {
  const lab = await openLab({
    addresses: [edgeAt.address, agentsSide.address],
    lifeMs: (o.seconds + 900) * 1000,
  });
  const timers = ["timers=always", "timers_min_se=90", `timers_sess_expires=${o.expires.asterisk}`];
  const agents = { pbx: { uri: `sip:${pbxAt}:5080` }, phone: { uri: `sip:${phoneAt}:5080` } };
  const edge = await startEdge(
    lab,
    {
      network: { public_ip: edgeAt.address, agents: { address: agentsSide.address }, rtp: [30000, 30999] },
      trunks: [
        {
          crew_id: "acme",
          agents,
          sip: {
            auth: { type: "ip_allowlist", allowed_ips: [providerAt, sippAt] },
            inbound_routes: [
              { match: { to_uri: "+14155550001" }, agent_id: "pbx" },
              { match: { to_uri: "+14155550002" }, agent_id: "phone" },
            ],
            outbound: {
              uri: `sip:${providerAt}:5060`,
              auth: { username: account.username, password: { secret: "P" } },
              allowed_destinations: ["+1"],
            },
          },
        },
      ],
    },
    { passwords: [{ trunk: "acme", password: account.password }] },
  );
  const [provider, pbx, baresip] = await Promise.all([
    startAsterisk(
      lab,
      "provider",
      {
        address: providerAt,
        trunks: { edge: { ...edgeAt, challenge: account, endpoint: timers } },
        agent: { hz: hz.provider },
      },
      await lab.host(providerAt),
    ),
    startAsterisk(
      lab,
      "pbx",
      {
        address: pbxAt,
        port: 5080,
        trunks: { edge: { ...agentsSide, endpoint: timers } },
        agent: { hz: hz.pbx },
      },
      await lab.host(pbxAt),
    ),
    phone({
      launcher: await lab.host(phoneAt),
      tools: lab.tools,
      dir: join(lab.dir, "phone"),
      name: "phone",
      address: phoneAt,
      port: 5080,
      user: "agent",
      playHz: hz.phone,
      playMs: (o.seconds + 30) * 1000,
    }),
  ]);
  return { lab, edge, provider, pbx, phone: baresip };
}

const idOf = (text: string): string => headerValues(text, "Call-ID")[0] ?? "";
const cseqOf = (text: string): string => headerValues(text, "CSeq")[0] ?? "";

/** Refreshes in a trace of one side, and how each was answered. */
function refreshesIn(messages: readonly Message[], callId: string): string[] {
  const own = messages.filter((m) => idOf(m.text) === callId);
  const expires = (text: string): string => headerValues(text, "Session-Expires")[0] ?? "no Session-Expires";
  const seen = new Set<string>();
  return own.flatMap((m) => {
    const method = methodOf(m.text.replaceAll(/\r?\n/g, "\r\n"));
    const within = /;\s*tag=/.test(headerValues(m.text, "To")[0] ?? "");
    const key = `${m.direction} ${cseqOf(m.text)}`;
    if (!within || !["INVITE", "UPDATE"].includes(method) || seen.has(key)) return [];
    seen.add(key);
    const answer = own.find(
      (r) => r.direction !== m.direction && statusOf(r.text) >= 200 && cseqOf(r.text) === cseqOf(m.text),
    );
    const outcome = answer === undefined ? "no answer" : `${statusOf(answer.text)} ${expires(answer.text)}`;
    return [`${method} ${m.direction}, ${expires(m.text)}: ${outcome}`];
  });
}

/** The Call-ID under which a side knows the call that its number `n` began. */
const callOf = (messages: readonly Message[], invited: (text: string) => boolean): string =>
  idOf(messages.find((m) => /^INVITE /.test(m.text) && invited(m.text))?.text ?? "");

const share = (r: Recognition, o: TimedOptions): number => r.ms / (o.seconds * 1000);

/** The Call-ID's part that both sides and the records of the edge share. */
const localPart = (callId: string): string => callId.split("@")[0] ?? "";

async function endedOf(edge: Edge, callId: string): Promise<Pick<TimedCall, "by" | "seconds">> {
  for (let waited = 0; waited < 3000; waited += 50) {
    const found = edge.records("ended").find((r) => localPart(`${r.call}`) === localPart(callId));
    if (found !== undefined) return { by: found.by, seconds: found.seconds };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { by: "nobody", seconds: undefined };
}

/** An Asterisk calls an Asterisk through the edge; both have session timers. */
async function asteriskCall(
  w: World,
  o: TimedOptions,
  way: { readonly name: string; readonly from: "provider" | "pbx"; readonly to: string },
): Promise<TimedCall> {
  const [caller, callee] = way.from === "provider" ? [w.provider, w.pbx] : [w.pbx, w.provider];
  const calling: Promise<AsteriskOutcome> = caller.call({
    to: way.to,
    trunk: "edge",
    hz: way.from === "provider" ? hz.provider : hz.pbx,
    talkMs: o.seconds * 1000,
  });
  const arrival = await callee.incoming(10_000);
  const outcome = await calling;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const invited = (text: string): boolean => text.includes(way.to);
  const [callerId, calleeId] = [callOf(caller.messages(), invited), callOf(callee.messages(), invited)];
  const [callerHz, calleeHz] = way.from === "provider" ? [hz.provider, hz.pbx] : [hz.pbx, hz.provider];
  return {
    name: way.name,
    answered: outcome.answered,
    ...(await endedOf(w.edge, callerId)),
    refreshes: [...refreshesIn(caller.messages(), callerId), ...refreshesIn(callee.messages(), calleeId)],
    heard: {
      caller: share(outcome.heard(calleeHz), o),
      callee: share(arrival.heard(callerHz), o),
    },
  };
}

/** A SIPp calls that refreshes by `method`. */
async function sippTimed(
  w: World,
  o: TimedOptions,
  way: { readonly name: string; readonly method: "UPDATE" | "INVITE"; readonly to: string },
): Promise<TimedCall> {
  const { lab } = w;
  const at = await lab.host(sippAt);
  const [port, rtpPort] = way.method === "UPDATE" ? [5060, 16_000] : [5070, 18_000];
  const play = join(lab.dir, `${way.method}.ul`);
  writeFileSync(play, muLawTone(hz.sipp, 20_000));
  const wire = await capture(
    lab,
    `udp and dst host ${sippAt} and dst portrange ${rtpPort}-${rtpPort + 998}`,
    at,
  );
  const result = await sippCall(
    {
      launcher: at,
      tools: lab.tools,
      dir: join(lab.dir, "sipp"),
      name: way.method,
      address: sippAt,
      port,
      rtpPort,
      remote: `${edgeAt.address}:${edgeAt.port}`,
    },
    refreshing({ to: way.to, method: way.method, expires: o.expires.sipp, seconds: o.seconds, play }),
  );
  const streams = rtpStreams(await wire.stop());
  const theirs = way.method === "UPDATE" ? hz.pbx : hz.phone;
  const heard = Math.max(0, ...streams.map((s) => share(s.heard(theirs), o)));
  const callId = callOf(result.messages, () => true);
  const callee = way.method === "UPDATE" ? w.pbx.lastHeard(hz.sipp) : w.phone.heard(hz.sipp);
  return {
    name: way.name,
    answered: result.ok === 1,
    ...(await endedOf(w.edge, callId)),
    refreshes: refreshesIn(result.messages, callId),
    heard: { caller: heard, callee: share(callee, o) },
  };
}

/** Some lines on each call, for whoever ran the test. */
export function summary(calls: readonly TimedCall[]): string {
  const percent = (n: number): string => `${(100 * n).toFixed(1)} %`;
  return calls
    .flatMap((c) => [
      `${c.name}: ${c.seconds} s, ended by ${c.by}; heard ${Object.entries(c.heard)
        .map(([side, n]) => `by the ${side} ${percent(n)}`)
        .join(", ")}`,
      ...c.refreshes.map((r) => `  ${r}`),
    ])
    .join("\n");
}

/** Runs four calls at once. */
export async function timedCalls(o: TimedOptions): Promise<{
  readonly calls: readonly TimedCall[];
  /** What Kamailio complained of. */
  readonly complaints: readonly string[];
}> {
  const w = await open(o);
  try {
    const ways = [
      () =>
        asteriskCall(w, o, { name: "Asterisk to Asterisk, inbound", from: "provider", to: "+14155550001" }),
      () => asteriskCall(w, o, { name: "Asterisk to Asterisk, outbound", from: "pbx", to: "+14155550123" }),
      () => sippTimed(w, o, { name: "SIPp by UPDATE to Asterisk", method: "UPDATE", to: "+14155550001" }),
      () => sippTimed(w, o, { name: "SIPp by re-INVITE to baresip", method: "INVITE", to: "+14155550002" }),
    ];
    const running: Promise<TimedCall>[] = [];
    for (const start of ways) {
      running.push(start());
      // Each Asterisk tells its calls apart by the order in which they came.
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    const calls = await Promise.all(running);
    const complaints = w.edge.kamailio.lines.filter((l) => /(ERROR|CRITICAL): (?!crew-)/.test(l));
    return { calls, complaints };
  } finally {
    await w.lab.close();
  }
}
