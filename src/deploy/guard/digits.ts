/**
 * Digits that agents send as telephone events, for carriers that want INFO: rtpengine tells of each event that it heard, and what
 * it takes to send an INFO in the agent's name is with the session there.
 */
import type { Socket } from "node:dgram";
import { sealKey } from "../../targets/kamailio/sealed.ts";
import { callRpc } from "../../verify/binrpc.ts";
import { valuesNamed } from "../../verify/table-rpc.ts";
import { controlSocket } from "../control.ts";
import type { Edge } from "../edge.ts";
import { bindUdp } from "../proof/sockets.ts";
import { askAbout } from "../sessions.ts";
import { currentGeneration, readFacts } from "../state/generations.ts";
import { edgeKeys } from "../state/keys.ts";
import { type EndableCall, endableCall } from "./call-label.ts";
import { processName, runningProxies } from "./proxies.ts";
import { directionOf, requestWithin, type Sender, sendWithin } from "./within.ts";

/** Where rtpengine tells of digits (the `rtpengine` target writes the same). */
const ear = { address: "127.0.0.1", port: 2225 } as const;
/** Value of a row of `dtmf` whose carrier is to have INFO. */
const asInfo = "2";

/** A digit that rtpengine heard. */
export interface Digit {
  /** Call-ID of the session. */
  readonly id: string;
  /** Tag of who sent it. */
  readonly tag: string;
  /** As a SIP INFO names it. */
  readonly signal: string;
  readonly milliseconds: number;
}

/** What the guard remembers between looks; lost without harm. */
export interface Hearing {
  /** Whether the script of a process wants digits, by process. */
  readonly wanted: Map<string, boolean>;
  /** The digits of a call go out one after the other. */
  readonly sending: Map<string, Promise<void>>;
  socket?: Socket;
}

export function newHearing(): Hearing {
  return { wanted: new Map(), sending: new Map() };
}

/** Listens from when the first script wants digits on. */
export async function hearDigits(edge: Edge, memory: Hearing): Promise<void> {
  if (memory.socket !== undefined || !(await someWant(edge, memory))) return;
  const socket = await bindUdp(ear.address, ear.port);
  memory.socket = socket;
  socket.on("message", (data) => {
    const digit = digitOf(data.toString("utf8"));
    if (digit === undefined) return;
    const before = memory.sending.get(digit.id) ?? Promise.resolve();
    const sent = before.then(() => pass(edge, digit)).catch((error: unknown) => console.error(error));
    memory.sending.set(digit.id, sent);
    void sent.then(() => {
      if (memory.sending.get(digit.id) === sent) memory.sending.delete(digit.id);
    });
  });
}

/** rtpengine's JSON of an event; `undefined` for anything else. */
export function digitOf(text: string): Digit | undefined {
  let told: Readonly<Record<string, unknown>>;
  try {
    told = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { type, callid, source_tag, event, duration } = told;
  if (type !== "DTMF" || typeof callid !== "string" || typeof source_tag !== "string") return undefined;
  const signal = "0123456789*#ABCD".charAt(Number(event));
  if (signal === "") return undefined;
  return { id: callid, tag: source_tag, signal, milliseconds: Number(duration ?? 0) };
}

/** The INFO for a digit, in the agent's name; `undefined` where it is none of an agent's, or its carrier does not want it. */
export function infoOf(call: EndableCall, digit: Digit, from: Sender): ReturnType<typeof requestWithin> {
  const wants = /^.[OD]/.test(call.claim.split(".")[1] ?? "");
  const agent = directionOf(call) === "o" ? "caller" : "callee";
  if (!wants || digit.tag !== (agent === "caller" ? call.callerTag : call.calleeTag)) return undefined;
  const words = {
    method: "INFO",
    // None of the INVITE's; the proxy has one of its own for all other requests of such an agent.
    cseq: 2_147_479_000,
    reason: "-",
    headers: [["Content-Type", "application/dtmf-relay"]],
    body: `Signal=${digit.signal}\r\nDuration=${digit.milliseconds}\r\n`,
  } as const;
  return requestWithin(call, agent, words, from);
}

async function pass(edge: Edge, digit: Digit): Promise<void> {
  const calls = await askAbout([digit.id], endableCall);
  const call = calls.get(digit.id);
  const generation = await currentGeneration(edge.paths);
  const facts = generation === undefined ? undefined : await readFacts(edge.paths, generation);
  if (call === undefined || facts === undefined) return;
  const proxy = facts.handover_port;
  const key = sealKey((await edgeKeys(edge.paths.keys)).topology);
  await sendWithin(proxy, (port) => {
    const info = infoOf(call, digit, { key, port, proxy });
    return info === undefined ? [] : [info];
  });
}

/** Asked once of each process. */
async function someWant(edge: Edge, { wanted }: Hearing): Promise<boolean> {
  const running = runningProxies(edge);
  for (const proxy of running) {
    const name = processName(proxy);
    if (wanted.has(name)) continue;
    const table = await callRpc(controlSocket(edge, proxy.generation), "htable.dump", ["dtmf"]);
    if (table.ok) wanted.set(name, valuesNamed(table.values, "value").includes(asInfo));
    else if (table.code !== 0) wanted.set(name, false);
  }
  return running.some((proxy) => wanted.get(processName(proxy)) === true);
}
