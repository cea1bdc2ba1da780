/** What the labels of a session say of a call that the edge may have to end (templates/kamailio/end.cfg.hbs writes them). */
import type { NgMessage } from "../../host/ng.ts";

export interface EndableCall {
  /** Call-ID of the callee's side and the relay. */
  readonly id: string;
  readonly callerTag: string;
  readonly calleeTag: string;
  /** Milliseconds since the epoch after which it has lasted too long; `Infinity` where it may last for ever. */
  readonly until: number;
  /** Milliseconds since the epoch after which its media is dead if nothing more comes. */
  readonly silentUntil: number;
  /** A side said that it does not send: silence is no fault then. */
  readonly onHold: boolean;
  /** Milliseconds without a packet that a call may have that is not on hold; `Infinity` where any. */
  readonly mediaTimeout: number;
  /** Milliseconds since the epoch of the last offer or answer, to the second. */
  readonly signalledAt: number;
  readonly claim: string;
  /** `v` of the Record-Route that the callee got, and that the caller got. */
  readonly calleeView: string;
  readonly callerView: string;
  /** `m` of the Contact that the caller has; that of the callee, empty while it is the first one. */
  readonly calleeAt: string;
  readonly callerAt: string;
}

/**
 * Seconds without a packet of a call on hold, where a telephone that plays no music says `sendonly` and is silent as well:
 * rtpengine's `silent-timeout` less two minutes, so that the call is ended while rtpengine still knows whom to tell.
 */
const holdSeconds = 3480;

/** Seconds from the INVITE after which a call is answered or gone (`max_inv_lifetime`). */
const ringsAtMost = 300;

/** The call of a session, by rtpengine's answer to `query`; `undefined` where it is not answered or has no limit. */
export function endableCall(id: string, answer: NgMessage): EndableCall | undefined {
  const legs = legsOf(answer);
  const labelled = legs.filter(({ label }) => label.length >= 6);
  // Of several answers the last one counts.
  const callee = labelled.reduce<Leg | undefined>((a, b) => (a && a.created > b.created ? a : b), undefined);
  const caller = legs.find(({ label }) => label.length < 6);
  if (callee === undefined || caller === undefined) return undefined;
  const [, allowed = "", claim = "", calleeView = "", callerView = "", calleeAt = ""] = callee.label;
  const limits = allowed.split("+").map((both) => both.split("/").map(Number));
  const least = (place: number): number =>
    Math.min(...limits.map((both) => both[place] || Number.POSITIVE_INFINITY)) * 1000;
  const started = Number(claim.split(".")[2]);
  // Nobody tells whether a call was answered whose SDP went back and forth before that.
  const answered = (callee.label[6] === "early" ? started + ringsAtMost : 0) * 1000;
  const moved = caller.label.length === 3 ? caller.label : undefined;
  const onHold = ![caller, callee].every(sends);
  const mediaTimeout = least(1);
  return {
    id,
    callerTag: caller.tag,
    calleeTag: callee.tag,
    until: Math.max(started * 1000 + least(0), answered),
    silentUntil: Math.max(heardAt(legs) * 1000 + (onHold ? heldFor(mediaTimeout) : mediaTimeout), answered),
    onHold,
    mediaTimeout,
    signalledAt: Number(answer["last signal"] ?? 0) * 1000,
    claim,
    calleeView,
    callerView,
    calleeAt: moved?.[1] ?? calleeAt,
    callerAt: moved?.[2] ?? "",
  };
}

const heldFor = (allowed: number): number =>
  Number.isFinite(allowed) ? Math.max(allowed, holdSeconds * 1000) : allowed;

interface Leg {
  readonly tag: string;
  readonly created: number;
  readonly label: readonly string[];
  readonly medias: readonly NgMessage[];
}

function legsOf({ tags }: NgMessage): readonly Leg[] {
  if (!isMessage(tags)) return [];
  return Object.entries(tags).flatMap(([tag, leg]): Leg[] => {
    if (!isMessage(leg)) return [];
    const label = typeof leg.label === "string" ? leg.label.split(",") : [];
    return [{ tag, created: Number(leg.created ?? 0), label, medias: messagesIn(leg.medias) }];
  });
}

/** When the last packet came from either side, in seconds. */
function heardAt(legs: readonly Leg[]): number {
  const streams = legs.flatMap(({ medias }) => medias.flatMap((m) => messagesIn(m.streams)));
  return Math.max(0, ...streams.map((s) => Number(s["last packet"] ?? 0)));
}

/** Whether a side said that it sends. */
function sends({ medias }: Leg): boolean {
  return medias.some((m) => Array.isArray(m.flags) && m.flags.includes("recv"));
}

function isMessage(value: unknown): value is NgMessage {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messagesIn(list: unknown): readonly NgMessage[] {
  return Array.isArray(list) ? list.filter(isMessage) : [];
}
