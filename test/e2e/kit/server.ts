/** A SIP server by hand: the transactions of a callee (RFC 3261 section 17.2), and behaviours that say what it answers. */
import { bracketed } from "../../../src/core/host.ts";
import { headerValues } from "../../../src/phone/message.ts";
import type { Place } from "../../lab/place.ts";
import type { Datagram } from "../../lab/sockets.ts";
import { type Change, dialogAsCallee, within } from "./call.ts";
import { methodOf, response, statusOf, unique } from "./message.ts";
import { type Party, party, type To } from "./party.ts";

/** Complete responses, in order. */
export type Replies = AsyncIterable<string> | Iterable<string>;

/** One request, seen for the first time, and what a behaviour may do about it. */
export interface Turn {
  readonly request: string;
  readonly method: string;
  readonly callId: string;
  readonly at: To;
  /** A response to the request, with the server's tag and Contact. */
  reply(status: string, more?: { readonly headers?: readonly string[]; readonly body?: string }): string;
  /** Waits; false where the request was cancelled meanwhile. */
  wait(ms: number): Promise<boolean>;
  /** The ACK of the 2xx that was sent; rejects where none comes in time. */
  acknowledged(ms?: number): Promise<string>;
  /** Notes what the client did wrong. */
  complain(what: string): void;
}

/** Answers a request, or leaves that to the behaviours after it, whose replies it may change. */
export type Behaviour = (turn: Turn, next: () => Replies) => Replies;

export interface Server extends Party {
  /** The server's tag in every dialog. */
  readonly tag: string;
  /** What it answers from now on: the first behaviour that does not pass the request on decides. */
  answerWith(...behaviours: readonly Behaviour[]): void;
  /** Every request so far, retransmissions left out. */
  requests(method?: string): readonly string[];
  /** The request number `n` (default 0, the first) of a method, waiting for it. */
  request(method: string, n?: number, ms?: number): Promise<string>;
  /** What clients did wrong so far, in sentences. */
  problems(): readonly string[];
  /** A request of the server within the call that an INVITE began; its CSeq is one more each time. */
  within(invite: string, method: string, change?: Change): string;
  close(): Promise<void>;
}

interface Transaction {
  readonly request: string;
  readonly from: To;
  readonly sent: string[];
  final: boolean;
  cancelled: boolean;
  /** Ends a wait. */
  wake: () => void;
}

const one = (text: string, name: string): string => headerValues(text, name)[0] ?? "";
const branchOf = (text: string): string => /branch=([^;,\s]+)/.exec(one(text, "Via"))?.[1] ?? "";
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a server; without behaviours it answers nothing. */
export async function sipServer(
  place: Place,
  address: string,
  port: number,
  ...first: readonly Behaviour[]
): Promise<Server> {
  // It sends requests only where it is told to: by default back to itself.
  const base = await party(place, address, port, { address, port });
  const tag = unique("s");
  let behaviours = first;
  let open = true;
  const seen: string[] = [];
  const complaints: string[] = [];
  const transactions = new Map<string, Transaction>();
  const cseqs = new Map<string, number>();

  const send = async (t: Transaction, reply: string): Promise<void> => {
    t.sent.push(reply);
    if (statusOf(reply) >= 200) t.final = true;
    await base.send(reply, t.from);
  };

  const ackOf = (request: string): string | undefined =>
    seen.find(
      (r) =>
        methodOf(r) === "ACK" &&
        one(r, "Call-ID") === one(request, "Call-ID") &&
        one(r, "CSeq").split(" ")[0] === one(request, "CSeq").split(" ")[0],
    );

  /** A 2xx to INVITE is repeated until its ACK comes (RFC 3261 section 13.3.1.4). */
  const insist = async (t: Transaction, reply: string): Promise<void> => {
    for (let ms = 500, waited = 0; open && waited < 32_000; waited += ms, ms = Math.min(2 * ms, 4000)) {
      await sleep(ms);
      if (!open || ackOf(t.request) !== undefined) return;
      await base.send(reply, t.from);
    }
  };

  const turnOf = (t: Transaction): Turn => {
    const { request } = t;
    const method = methodOf(request);
    const callId = one(request, "Call-ID");
    const contact = `sip:server@${bracketed(address)}:${base.at.port}`;
    return {
      request,
      method,
      callId,
      at: base.at,
      reply: (status, more) => {
        const code = Number.parseInt(status, 10);
        const inDialog = code > 100 && code < 300 && method !== "REGISTER";
        const ours = { ...(code > 100 ? { toTag: tag } : {}), ...(inDialog ? { contact } : {}) };
        return response(request, status, { ...ours, ...more });
      },
      wait: async (ms) => {
        if (!t.cancelled)
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, ms);
            t.wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        return !t.cancelled;
      },
      acknowledged: async (ms = 3000) => {
        for (const end = Date.now() + ms; open && Date.now() < end; await sleep(10)) {
          const ack = ackOf(request);
          if (ack !== undefined) return ack;
        }
        throw new Error(`no ACK of ${callId} within ${ms} ms`);
      },
      complain: (what) => void complaints.push(`${method} ${one(request, "CSeq")} of ${callId}: ${what}`),
    };
  };

  const run = async (t: Transaction): Promise<void> => {
    const turn = turnOf(t);
    const chain = (i: number): Replies => behaviours[i]?.(turn, () => chain(i + 1)) ?? [];
    for await (const reply of chain(0)) {
      if (t.cancelled || t.final) break;
      await send(t, reply);
      if (turn.method === "INVITE" && statusOf(reply) >= 200 && statusOf(reply) < 300) void insist(t, reply);
    }
  };

  const cancel = async (t: Transaction): Promise<void> => {
    const invite = transactions.get(`INVITE ${branchOf(t.request)}`);
    await send(t, turnOf(t).reply(invite ? "200 OK" : "481 Call/Transaction Does Not Exist"));
    if (invite === undefined || invite.final) return;
    invite.cancelled = true;
    await send(invite, turnOf(invite).reply("487 Request Terminated"));
    invite.wake();
  };

  const serve = async (): Promise<void> => {
    while (open) {
      const got = await base.peer
        .receive(600_000, (d: Datagram) => methodOf(d.text) !== "")
        .catch(() => undefined);
      if (got === undefined) return;
      const method = methodOf(got.text);
      const key = `${method} ${branchOf(got.text)}`;
      const known = transactions.get(key);
      if (known) {
        const last = known.sent.at(-1);
        if (last !== undefined && method !== "ACK") await base.send(last, known.from);
        continue;
      }
      const t: Transaction = {
        request: got.text,
        from: { address: got.address, port: got.port },
        sent: [],
        final: false,
        cancelled: false,
        wake: () => {},
      };
      transactions.set(key, t);
      seen.push(got.text);
      if (method === "CANCEL") await cancel(t);
      else if (method !== "ACK")
        // Not awaited: other requests, a CANCEL among them, come while this one is being answered.
        run(t).catch((error: unknown) => open && turnOf(t).complain(String(error)));
    }
  };
  void serve();

  const requests: Server["requests"] = (method) =>
    seen.filter((text) => method === undefined || methodOf(text) === method);
  return {
    ...base,
    tag,
    answerWith: (...next) => {
      behaviours = next;
    },
    requests,
    request: async (method, n = 0, ms = 3000) => {
      for (const end = Date.now() + ms; ; await sleep(10)) {
        const found = requests(method)[n];
        if (found !== undefined) return found;
        if (Date.now() > end)
          throw new Error(
            `${requests(method).length} ${method} at ${address}, not ${n + 1}, within ${ms} ms`,
          );
      }
    },
    problems: () => [...complaints],
    within: (invite, method, change = {}) => {
      const dialog = dialogAsCallee(invite, tag);
      const cseq = (cseqs.get(dialog.callId) ?? 0) + (method === "ACK" ? 0 : 1);
      cseqs.set(dialog.callId, cseq);
      const from = `From: ${one(invite, "To").replace(/;\s*tag=.*/, "")};tag=${tag}`;
      const instead = { From: [from], ...change.instead };
      return within(base, dialog, method, { cseq, ...change, instead });
    },
    close: async () => {
      open = false;
      await base.peer.close();
    },
  };
}
