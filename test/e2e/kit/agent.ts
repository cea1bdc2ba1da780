/** A voice agent that records everything it is sent and answers as a test tells it. */
import { bracketed } from "../../../src/core/host.ts";
import { headerValues } from "../../../src/phone/message.ts";
import type { Place } from "../../lab/place.ts";
import type { Datagram } from "../../lab/sockets.ts";
import { methodOf, response, sdp, unique } from "./message.ts";
import { type Party, party, type To } from "./party.ts";

export interface Agent extends Party {
  /** What reached it, in order, but for the edge's own questions whether it is there. */
  readonly heard: readonly string[];
  /** Retransmissions left out. */
  requests(method?: string): readonly string[];
  /** The first request of a method that is part of a call, waiting for it. */
  request(method: string, callId: string, ms?: number): Promise<string>;
  /** Its tag in every dialog. */
  readonly tag: string;
  forget(): void;
  /** How it answers from now on: complete responses, in order. */
  answerWith(answer: Answer): void;
  close(): Promise<void>;
}

export type Answer = (request: string, agent: { readonly at: To; readonly tag: string }) => readonly string[];

/** 200 with SDP to INVITE, nothing to ACK, 200 to all else. */
export const accepts: Answer = (request, { at, tag }) => {
  const method = methodOf(request);
  if (method === "ACK") return [];
  const contact = `sip:agent@${bracketed(at.address)}:${at.port}`;
  const body = method === "INVITE" ? sdp(at.address, 18000) : "";
  return [response(request, "200 OK", { toTag: tag, contact, body })];
};

/** A final response with this status to INVITE, after 180. */
export const refuses =
  (status: string, headers: readonly string[] = []): Answer =>
  (request, agent) =>
    methodOf(request) === "INVITE"
      ? [response(request, status, { toTag: agent.tag, headers })]
      : accepts(request, agent);

/** 180 to INVITE and then nothing, until a CANCEL: 200 and 487. */
export function rings(): Answer {
  const ringing = new Map<string, string>();
  return (request, agent) => {
    const id = headerValues(request, "Call-ID")[0] ?? "";
    if (methodOf(request) === "INVITE") {
      ringing.set(id, request);
      const contact = `sip:agent@${bracketed(agent.at.address)}:${agent.at.port}`;
      return [response(request, "180 Ringing", { toTag: agent.tag, contact })];
    }
    const invite = ringing.get(id);
    if (methodOf(request) === "CANCEL" && invite !== undefined)
      return [
        response(request, "200 OK", { toTag: agent.tag }),
        response(invite, "487 Request Terminated", { toTag: agent.tag }),
      ];
    return accepts(request, agent);
  };
}

/** The edge asks its agents by OPTIONS from this user whether they are there. */
const isPing = (text: string): boolean =>
  methodOf(text) === "OPTIONS" &&
  /^<sip:crew@(?:10\.0\.4\.1|\[fd00:4::1\])/.test(headerValues(text, "From")[0] ?? "");

/** Requests without their retransmissions. */
export function withoutCopies(heard: readonly string[]): readonly string[] {
  const known = new Set<string>();
  return heard.filter((text) => {
    const key = `${methodOf(text)} ${headerValues(text, "Via")[0]}`;
    return !known.has(key) && known.add(key);
  });
}

export async function agentSink(place: Place, address: string, port: number, edge: To): Promise<Agent> {
  const base = await party(place, address, port, edge);
  let answer: Answer = accepts;
  const heard: string[] = [];
  const tag = unique("a");
  let seen = 0;
  let open = true;
  const serve = async (): Promise<void> => {
    while (open) {
      const got = await base.peer
        .receive(600_000, (d: Datagram) => methodOf(d.text) !== "")
        .catch(() => undefined);
      if (got === undefined) return;
      if (!isPing(got.text)) heard.push(got.text);
      const how = isPing(got.text) ? accepts : answer;
      for (const reply of how(got.text, { at: base.at, tag })) await base.send(reply, got);
    }
  };
  void serve().catch(() => {});
  const requests: Agent["requests"] = (method) =>
    withoutCopies(heard.slice(seen)).filter((text) => method === undefined || methodOf(text) === method);
  return {
    ...base,
    get heard() {
      return heard.slice(seen);
    },
    requests,
    tag,
    request: async (method, callId, ms = 3000) => {
      for (const end = Date.now() + ms; ; ) {
        const found = requests(method).find((t) => headerValues(t, "Call-ID")[0] === callId);
        if (found !== undefined) return found;
        if (Date.now() > end) throw new Error(`no ${method} of ${callId} at the agent within ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    forget: () => {
      seen = heard.length;
    },
    answerWith: (next) => {
      answer = next;
    },
    close: async () => {
      open = false;
      await base.peer.close();
    },
  };
}
