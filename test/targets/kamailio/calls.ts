/** Hand-made halves of calls for tests of the generated script: a trunk's peer and an agent, message by message. */
import { headerValues } from "../../../src/phone/message.ts";
import {
  methodOf,
  type RequestOptions,
  request,
  response,
  sdp,
  statusOf,
  unique,
  uriOf,
} from "../../e2e/kit/message.ts";
import type { Lab } from "../../lab/netns.ts";
import type { UdpPeer } from "../../lab/sockets.ts";

export const carrierSide = { address: "127.0.0.10", port: 5060 };
export const agentSide = { address: "127.0.0.20", port: 5080 };

/** An edge on loopback: a trunk at 127.0.0.2, agents at 127.0.0.3 and further on. */
export function loopbackEdge(
  trunk: Record<string, unknown> = {},
  sip: Record<string, unknown> = {},
): unknown {
  return {
    name: "edge-1",
    network: {
      public_ip: carrierSide.address,
      carrier: { udp: carrierSide.port },
      agents: { address: agentSide.address, udp: agentSide.port },
      rtp: [30000, 30199],
    },
    trunks: [
      {
        crew_id: "acme",
        agents: { sarah: { uri: "sip:127.0.0.3:5080" } },
        ...trunk,
        sip: {
          auth: { type: "ip_allowlist", allowed_ips: ["127.0.0.2"] },
          inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "sarah" }],
          ...sip,
        },
      },
    ],
  };
}

export interface Half {
  readonly peer: UdpPeer;
  readonly at: { readonly address: string; readonly port: number };
  /** Sends to the edge's socket of this side. */
  send(text: string): Promise<void>;
  /** The next message of a call that matches; retransmissions of it are left. */
  next(callId: string, what: number | string, ms?: number): Promise<string>;
  /** Whether nothing of a call that matches comes. */
  quiet(callId: string, what: number | string, ms: number): Promise<boolean>;
}

export async function half(
  lab: Lab,
  address: string,
  port: number,
  edge: { address: string; port: number },
): Promise<Half> {
  const peer = await lab.udp(address, port);
  const of = (callId: string, what: number | string) => (d: { text: string }) =>
    headerValues(d.text, "Call-ID")[0] === callId &&
    (typeof what === "number" ? statusOf(d.text) === what : methodOf(d.text) === what);
  return {
    peer,
    at: { address, port },
    send: (text) => peer.send(text, edge),
    next: async (callId, what, ms = 4000) => (await peer.receive(ms, of(callId, what))).text,
    quiet: (callId, what, ms) => peer.silent(ms, of(callId, what)),
  };
}

export interface Invited {
  readonly callId: string;
  /** As the caller sent it, and as the agent got it. */
  readonly sent: string;
  readonly got: string;
}

/** Places a call and waits until the agent has the INVITE and the caller 100. */
export async function invite(caller: Half, agent: Half, o: Partial<RequestOptions> = {}): Promise<Invited> {
  const callId = unique("call");
  const sent = request({ uri: `sip:+14155551111@${carrierSide.address}`, ...o, at: caller.at, callId });
  await caller.send(sent);
  const got = await agent.next(callId, "INVITE");
  await caller.next(callId, 100);
  return { callId, sent, got };
}

/** What the agent answers with, its Contact and, where the status needs it, SDP. */
export function answer(agent: Half, to: string, status: string, headers: readonly string[] = []): string {
  const body = /^(?:183|200)/.test(status) && methodOf(to) === "INVITE" ? sdp(agent.at.address, 18000) : "";
  const contact = `sip:agent@${agent.at.address}:${agent.at.port}`;
  return response(to, status, { toTag: "agent", contact, headers, body });
}

const value = (text: string, name: string): string => headerValues(text, name)[0] ?? "";
const tagOf = (text: string, name: string): string => /;tag=([^;>\s]+)/.exec(value(text, name))?.[1] ?? "";
const contactOf = (text: string): string => /<([^>]+)>/.exec(value(text, "Contact"))?.[1] ?? "";

/** A request of the caller within the call that a 2xx (or a 1xx with a tag) opened. */
export function within(
  caller: Pick<Half, "at">,
  call: Invited,
  opened: string,
  method: string,
  cseq: number,
  o: Partial<RequestOptions> = {},
): string {
  const route = headerValues(opened, "Record-Route")
    .flatMap((v) => v.split(/,\s*(?=<)/))
    .reverse();
  return request({
    at: caller.at,
    method,
    uri: contactOf(opened),
    callId: call.callId,
    fromTag: tagOf(call.sent, "From"),
    to: value(call.sent, "To"),
    toTag: tagOf(opened, "To"),
    cseq,
    headers: [...(route.length > 0 ? [`Route: ${route.join(", ")}`] : []), ...(o.headers ?? [])],
    ...(o.body === undefined ? { body: "" } : { body: o.body }),
  });
}

/** A request of the agent within the call that it was invited to with `call.got`. */
export function back(
  agent: Pick<Half, "at">,
  call: Invited,
  method: string,
  cseq: number,
  body = "",
): string {
  const route = headerValues(call.got, "Record-Route");
  return request({
    at: agent.at,
    method,
    uri: contactOf(call.got),
    callId: call.callId,
    instead: { From: [`From: ${value(call.got, "To")};tag=agent`], To: [`To: ${value(call.got, "From")}`] },
    cseq,
    headers: route.map((r) => `Route: ${r}`),
    body,
  });
}

/** A request of the same transaction as the INVITE: CANCEL, or the ACK of a negative answer. */
export function same(call: Invited, method: "CANCEL" | "ACK", toTag?: string): string {
  const to = value(call.sent, "To") + (toTag === undefined ? "" : `;tag=${toTag}`);
  return [
    `${method} ${uriOf(call.sent)} SIP/2.0`,
    `Via: ${value(call.sent, "Via")}`,
    "Max-Forwards: 70",
    `From: ${value(call.sent, "From")}`,
    `To: ${to}`,
    `Call-ID: ${call.callId}`,
    `CSeq: 1 ${method}`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}
