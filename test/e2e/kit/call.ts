/** A whole call by hand: from the INVITE to the BYE, with everything that the messages of a dialog need. */
import { headerValues } from "../../../src/phone/message.ts";
import type { Agent } from "./agent.ts";
import { methodOf, request, unique } from "./message.ts";
import type { Party } from "./party.ts";

/** A dialog as its caller sees it (RFC 3261 section 12). */
export interface Dialog {
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
  /** Remote target: what requests within the call are sent to. */
  readonly target: string;
  /** Header lines. */
  readonly routes: readonly string[];
  readonly cseq: number;
  readonly to: string;
  /** The final response to the INVITE. */
  readonly answer: string;
}

const uriIn = (value: string): string => /<([^>]*)>/.exec(value)?.[1] ?? value.replace(/;.*/, "").trim();
const tagIn = (value: string): string => /;\s*tag=([^;\s]+)/.exec(value)?.[1] ?? "";

export function dialogOf(invite: string, answer: string): Dialog {
  const value = (name: string): string => headerValues(answer, name)[0] ?? "";
  const routes = headerValues(answer, "Record-Route").flatMap((v) => v.split(/,\s*(?=<)/));
  return {
    callId: value("Call-ID"),
    fromTag: tagIn(value("From")),
    toTag: tagIn(value("To")),
    target: uriIn(value("Contact")),
    routes: routes.toReversed().map((r) => `Route: ${r}`),
    cseq: Number((headerValues(invite, "CSeq")[0] ?? "1").split(" ")[0]),
    to: (headerValues(answer, "To")[0] ?? "").replace(/;\s*tag=.*/, ""),
    answer,
  };
}

/** The dialog that an INVITE began, as its callee sees it, who answered with this tag. */
export function dialogAsCallee(invite: string, tag: string): Dialog {
  const value = (name: string): string => headerValues(invite, name)[0] ?? "";
  const routes = headerValues(invite, "Record-Route").flatMap((v) => v.split(/,\s*(?=<)/));
  return {
    callId: value("Call-ID"),
    fromTag: tag,
    toTag: tagIn(value("From")),
    target: uriIn(value("Contact")),
    routes: routes.map((r) => `Route: ${r}`),
    cseq: 0,
    to: value("From").replace(/;\s*tag=.*/, ""),
    answer: "",
  };
}

export type Change = Partial<Omit<Parameters<typeof request>[0], "at">>;

/** A request within the call, from its caller. */
export function within(caller: Party, d: Dialog, method: string, change: Change = {}): string {
  return request({
    at: caller.at,
    method,
    uri: d.target,
    callId: d.callId,
    fromTag: d.fromTag,
    toTag: d.toTag,
    to: d.to,
    cseq: method === "ACK" ? d.cseq : d.cseq + 1,
    ...change,
    headers: [...(change.instead?.Route ?? d.routes), ...(change.headers ?? [])],
  });
}

/** A party whose calls a known agent answers. */
export interface Caller extends Party {
  readonly callee: Agent;
}

/** Acknowledges a call and waits until its agent has the ACK: a request sent right behind may overtake it within the edge. */
export async function acknowledge(caller: Caller, dialog: Dialog): Promise<void> {
  await caller.send(within(caller, dialog, "ACK"));
  await caller.callee.request("ACK", dialog.callId);
}

/** Places a call that must be answered with 200, and acknowledges it. */
export async function call(caller: Caller, change: Change = {}, ms = 4000): Promise<Dialog> {
  const invite = caller.make({ callId: unique("call"), ...change });
  const answer = await caller.ask(invite, ms);
  if (!answer.startsWith("SIP/2.0 200 "))
    throw new Error(`${methodOf(invite)} was answered ${answer.split("\r\n")[0]}`);
  const dialog = dialogOf(invite, answer);
  await acknowledge(caller, dialog);
  return dialog;
}

/** Ends a call from the caller's side and gives the response to the BYE. */
export function hangUp(caller: Party, dialog: Dialog): Promise<string> {
  return caller.ask(within(caller, dialog, "BYE"));
}
