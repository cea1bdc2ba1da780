/** What a server by hand can do, to be combined: `answerWith(challenges(…), ringsFor(300), accepts())`. */
import { headerValues } from "../../../src/phone/message.ts";
import { bodyOf, sdp, statusOf } from "./message.ts";
import type { Behaviour, Replies, Turn } from "./server.ts";

const one = (text: string, name: string): string => headerValues(text, name)[0] ?? "";
const tokens = (text: string, name: string): readonly string[] =>
  headerValues(text, name).flatMap((v) => v.toLowerCase().split(/\s*,\s*/));

/** Whether the request begins a call, and not a re-INVITE within one. */
export const beginsCall = (turn: Turn): boolean =>
  turn.method === "INVITE" && !/;\s*tag=/.test(one(turn.request, "To"));

/** Header lines added to a response. */
function withHeaders(reply: string, lines: readonly string[]): string {
  const end = reply.indexOf("\r\n\r\n");
  return `${reply.slice(0, end)}${lines.map((l) => `\r\n${l}`).join("")}${reply.slice(end)}`;
}

/** A response without its body. */
function withoutBody(reply: string): string {
  const head = reply.slice(0, reply.indexOf("\r\n\r\n"));
  return `${head.replace(/\r\nContent-Type:[^\r]*/i, "").replace(/(\r\nContent-Length:)[^\r]*/i, "$1 0")}\r\n\r\n`;
}

/** The direction that answers the one of an offer (RFC 3264 section 6.1). */
function answering(offer: string): string {
  const offered = /^a=(sendonly|recvonly|inactive)/m.exec(offer)?.[1] ?? "sendrecv";
  return { sendonly: "recvonly", recvonly: "sendonly" }[offered] ?? offered;
}

/**
 * 200 to all, with SDP to INVITE: an answer, or where the INVITE has none an offer, whose answer the ACK must bring (RFC
 * 3261 section 13.2.1). The last of all behaviours.
 */
export function accepts(
  o: { readonly mediaPort?: number; readonly headers?: readonly string[] } = {},
): Behaviour {
  return async function* (turn) {
    const headers = o.headers ?? [];
    const body =
      turn.method === "INVITE"
        ? sdp(turn.at.address, o.mediaPort ?? 18000).replace("sendrecv", answering(bodyOf(turn.request)))
        : "";
    yield turn.reply("200 OK", { headers, body });
    if (turn.method !== "INVITE" || bodyOf(turn.request) !== "") return;
    if (bodyOf(await turn.acknowledged()) === "")
      turn.complain("its ACK brings no answer to the offer of the 200");
  };
}

/** Answers nothing at all. */
export const silent: Behaviour = () => [];

/** 100 to INVITE, and nothing more. */
export const onlyTries: Behaviour = (turn, next) =>
  turn.method === "INVITE" ? [turn.reply("100 Trying")] : next();

/** A final response such as `503 Service Unavailable` to what begins a call. */
export const refuses =
  (status: string, headers: readonly string[] = []): Behaviour =>
  (turn, next) =>
    beginsCall(turn) ? [turn.reply(status, { headers })] : next();

/** A redirection of what begins a call to these URIs, in this order. */
export const redirects =
  (uris: readonly string[], status = "302 Moved Temporarily"): Behaviour =>
  (turn, next) => {
    const headers = uris.map((uri, i) => `Contact: <${uri}>;q=${(1 - i / 10).toFixed(1)}`);
    return beginsCall(turn) ? [turn.reply(status, { headers })] : next();
  };

/** Rings before what the behaviours after it answer: 180, or 183 with SDP, `early` media. */
export const ringsFor = (
  ms: number,
  o: { readonly early?: boolean; readonly mediaPort?: number } = {},
): Behaviour =>
  async function* (turn, next) {
    if (beginsCall(turn)) {
      const body = sdp(turn.at.address, o.mediaPort ?? 18000);
      yield o.early ? turn.reply("183 Session Progress", { body }) : turn.reply("180 Ringing");
      if (!(await turn.wait(ms))) return;
    }
    yield* next();
  };

/** The first behaviour for the first request that begins a call, the second for the second, the last for all others. */
export function inTurn(...behaviours: readonly Behaviour[]): Behaviour {
  let calls = 0;
  return (turn, next) => {
    if (!beginsCall(turn)) return next();
    return behaviours[Math.min(calls++, behaviours.length - 1)]?.(turn, next) ?? next();
  };
}

/** 500 to a request whose CSeq is not higher than that of the one before it in its dialog (RFC 3261 section 12.2.2). */
export function strictOrder(): Behaviour {
  const highest = new Map<string, number>();
  return (turn, next) => {
    const number = Number.parseInt(one(turn.request, "CSeq"), 10);
    const dialog = `${turn.callId} ${/;\s*tag=([^;\s]+)/.exec(one(turn.request, "From"))?.[1]}`;
    if (number <= (highest.get(dialog) ?? -1)) {
      turn.complain(`its CSeq is not above ${highest.get(dialog)}`);
      return [turn.reply("500 CSeq Too Low")];
    }
    highest.set(dialog, number);
    return next();
  };
}

/** A behaviour for some methods alone. */
export const forMethods =
  (methods: readonly string[], behaviour: Behaviour): Behaviour =>
  (turn, next) =>
    methods.includes(turn.method) ? behaviour(turn, next) : next();

/**
 * 183 with SDP, reliably (RFC 3262): the final response waits for the PRACK, and carries no SDP any more. Where the
 * client does not support that it is 421 where the server `insists`, else a plain 183.
 */
export function ringsReliably(o: { readonly insists?: boolean; readonly rseq?: number } = {}): Behaviour {
  const waiting = new Map<string, { readonly rack: string; readonly pracked: () => void }>();
  const rseq = o.rseq ?? 1;
  const onPrack = (turn: Turn): Replies => {
    const call = waiting.get(turn.callId);
    const rack = one(turn.request, "RAck").replace(/\s+/g, " ");
    if (call?.rack !== rack) {
      turn.complain(`RAck is "${rack}", which no reliable response has`);
      return [turn.reply("481 Call/Transaction Does Not Exist")];
    }
    waiting.delete(turn.callId);
    call.pracked();
    return [turn.reply("200 OK")];
  };
  async function* onInvite(turn: Turn, next: () => Replies): AsyncGenerator<string> {
    const body = sdp(turn.at.address, 18000);
    if (![...tokens(turn.request, "Supported"), ...tokens(turn.request, "Require")].includes("100rel")) {
      if (o.insists) yield turn.reply("421 Extension Required", { headers: ["Require: 100rel"] });
      else {
        yield turn.reply("183 Session Progress", { body });
        yield* next();
      }
      return;
    }
    const rack = `${rseq} ${one(turn.request, "CSeq").replace(/\s+/g, " ")}`;
    const done = new Promise<void>((pracked) => waiting.set(turn.callId, { rack, pracked }));
    const reliable = turn.reply("183 Session Progress", {
      headers: ["Require: 100rel", `RSeq: ${rseq}`],
      body,
    });
    // Repeated until the PRACK comes (RFC 3262 section 3).
    for (let ms = 500; waiting.has(turn.callId); ms *= 2) {
      yield reliable;
      await Promise.race([done, turn.wait(ms)]);
      if (ms > 16_000) return turn.complain("no PRACK came");
    }
    for await (const reply of next()) yield statusOf(reply) < 300 ? withoutBody(reply) : reply;
  }
  return (turn, next) => {
    if (turn.method === "PRACK") return onPrack(turn);
    return beginsCall(turn) ? onInvite(turn, next) : next();
  };
}

/**
 * Session timers as the callee wants them (RFC 4028): 422 where the client's interval is below `minSe`, else
 * Session-Expires in the 2xx. Where the client does not support timers the server refreshes.
 */
export function sessionTimer(o: { readonly minSe: number; readonly refresher?: "uac" | "uas" }): Behaviour {
  return async function* (turn, next) {
    if (turn.method !== "INVITE" && turn.method !== "UPDATE") return yield* next();
    const asked = Number.parseInt(one(turn.request, "Session-Expires"), 10);
    if (asked < o.minSe)
      return yield turn.reply("422 Session Interval Too Small", { headers: [`Min-SE: ${o.minSe}`] });
    const able = tokens(turn.request, "Supported").includes("timer");
    const theirs = /refresher=(uac|uas)/.exec(one(turn.request, "Session-Expires"))?.[1];
    const refresher = able ? (theirs ?? o.refresher ?? "uac") : "uas";
    const seconds = Number.isNaN(asked) ? o.minSe : asked;
    const lines = [`Session-Expires: ${seconds};refresher=${refresher}`];
    if (refresher === "uac") lines.push("Require: timer");
    for await (const reply of next())
      yield statusOf(reply) >= 200 && statusOf(reply) < 300 ? withHeaders(reply, lines) : reply;
  };
}

export interface Registrar extends Behaviour {
  /** The Contact URIs that are registered for an address of record's user, newest last. */
  contacts(user: string): readonly string[];
}

/** Keeps registrations (RFC 3261 section 10.3), each for `grants` seconds at most; 423 below `minExpires`. */
export function registrar(o: { readonly grants?: number; readonly minExpires?: number } = {}): Registrar {
  const bindings = new Map<string, Map<string, number>>();
  const live = (user: string): Map<string, number> => {
    const known = bindings.get(user) ?? new Map<string, number>();
    for (const [uri, until] of known) if (until <= Date.now()) known.delete(uri);
    bindings.set(user, known);
    return known;
  };
  const behaviour: Behaviour = (turn, next) => {
    if (turn.method !== "REGISTER") return next();
    const user = /sips?:([^@;>]+)@/.exec(one(turn.request, "To"))?.[1] ?? "";
    const known = live(user);
    const all = one(turn.request, "Expires");
    const given = headerValues(turn.request, "Contact").flatMap((v) => v.split(/,\s*(?=<|\*|sip)/));
    const wanted = given.map((contact) => ({
      uri: /<([^>]*)>/.exec(contact)?.[1] ?? contact.replace(/;.*/, "").trim(),
      seconds: Number(/;\s*expires=(\d+)/i.exec(contact)?.[1] ?? (all === "" ? 3600 : all)),
    }));
    const short = wanted.find((w) => w.seconds > 0 && w.seconds < (o.minExpires ?? 0));
    if (short) return [turn.reply("423 Interval Too Brief", { headers: [`Min-Expires: ${o.minExpires}`] })];
    for (const { uri, seconds } of wanted) {
      if (uri === "*") {
        if (seconds !== 0) turn.complain("Contact * with Expires other than 0");
        known.clear();
      } else {
        known.delete(uri);
        if (seconds > 0) known.set(uri, Date.now() + 1000 * Math.min(seconds, o.grants ?? seconds));
      }
    }
    const left = (until: number): number => Math.round((until - Date.now()) / 1000);
    const lines = [...known].map(([uri, until]) => `Contact: <${uri}>;expires=${left(until)}`);
    return [withHeaders(turn.reply("200 OK"), lines)];
  };
  return Object.assign(behaviour, { contacts: (user: string) => [...live(user).keys()] });
}
