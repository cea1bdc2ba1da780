/** Requests within a call that the guard sends to the private socket of the running proxy, as one of the parties would have. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import { unseal } from "../../targets/kamailio/sealed.ts";
import { compose, first, parseMessage, status } from "../proof/message.ts";
import { bindUdp } from "../proof/sockets.ts";
import type { EndableCall } from "./call-label.ts";

const host = "127.0.0.1";
/** RFC 3261 section 17.1.2: T1, T2 and timer F, in milliseconds. */
const timer = { t1: 500, t2: 4000, f: 32_000 } as const;

export interface Outgoing {
  readonly branch: string;
  readonly text: string;
}

/** The key of what is sealed, the port that answers come to, and that of the proxy's private socket. */
export interface Sender {
  readonly key: Buffer;
  readonly port: number;
  readonly proxy: number;
}

export interface Words {
  readonly method: "BYE" | "INFO";
  readonly cseq: number;
  /** For the record of the call; "-" for none. */
  readonly reason: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** A request of the caller or the callee; `undefined` where the call's own words cannot be read with this key. */
export function requestWithin(
  call: EndableCall,
  as: "caller" | "callee",
  words: Words,
  from: Sender,
): Outgoing | undefined {
  const [, , , callId, caller, called] = unseal(call.calleeView, from.key)?.split(" ") ?? [];
  if (callId === undefined || caller === undefined || called === undefined) return undefined;
  const theirs = `<${caller}>;tag=${call.callerTag}`;
  const ours = `<${called}>;tag=${call.calleeTag}`;
  const o =
    as === "caller"
      ? { view: call.callerView, at: call.calleeAt, callId, from: theirs, to: ours }
      : { view: call.calleeView, at: call.callerAt, callId: call.id, from: ours, to: theirs };
  const branch = `z9hG4bK${randomBytes(12).toString("hex")}`;
  const edge = `sip:${host}:${from.proxy}`;
  const headers: readonly (readonly [string, string])[] = [
    ["Via", `SIP/2.0/UDP ${host}:${from.port};branch=${branch};rport`],
    ["Max-Forwards", "70"],
    ["Route", `<${edge};lr;v=${o.view};c=${call.claim}>`],
    ["From", o.from],
    ["To", o.to],
    ["Call-ID", o.callId],
    ["CSeq", `${words.cseq} ${words.method}`],
    ["X-Crew-End", `${sideOf(call, as)} ${words.reason}`],
    ...(words.headers ?? []),
  ];
  const target = `${edge}${o.at === "" ? "" : `;m=${o.at}`}`;
  return { branch, text: compose(`${words.method} ${target} SIP/2.0`, headers, words.body) };
}

/** Who called: an agent, or somebody on the carrier side who was put through to an agent, or forwarded. */
export function directionOf({ claim }: EndableCall): string {
  return claim.split(".")[1]?.charAt(0) ?? "";
}

function sideOf(call: EndableCall, as: "caller" | "callee"): "agent" | "carrier" {
  return directionOf(call) === (as === "caller" ? "o" : "i") ? "agent" : "carrier";
}

/**
 * Sends requests until each has its final response or 32 s are over; a proxy that is just being restarted gets them again. Gives the
 * codes of the responses, `undefined` where none came.
 */
export async function sendWithin(
  proxy: number,
  requests: (port: number) => readonly Outgoing[],
): Promise<readonly (number | undefined)[]> {
  const socket = await bindUdp(host);
  try {
    const waiting: Waiting = new Map();
    socket.on("message", (data) => {
      const message = parseMessage(data.toString("utf8"));
      const branch = /;branch=([^;,\s]+)/.exec((message && first(message, "via")) ?? "")?.[1] ?? "";
      const code = (message && status(message)) ?? 0;
      if (code >= 200) waiting.get(branch)?.(code);
    });
    return await Promise.all(
      requests(socket.address().port).map((request) => exchange(socket, proxy, request, waiting)),
    );
  } finally {
    socket.close();
  }
}

/** Who waits for the final response to a request, by its branch. */
type Waiting = Map<string, (code: number) => void>;

function exchange(
  socket: Socket,
  proxy: number,
  { branch, text }: Outgoing,
  waiting: Waiting,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    let pause: number = timer.t1;
    let repeat: NodeJS.Timeout;
    const send = (): void => {
      socket.send(text, proxy, host);
      repeat = setTimeout(send, pause);
      pause = Math.min(2 * pause, timer.t2);
    };
    const finish = (code: number | undefined): void => {
      clearTimeout(repeat);
      clearTimeout(end);
      waiting.delete(branch);
      resolve(code);
    };
    const end = setTimeout(() => finish(undefined), timer.f);
    waiting.set(branch, finish);
    send();
  });
}
