/** A PBX by hand that registers at the edge with a password. */
import { authorization, challengeOf } from "./digest.ts";
import { statusOf, unique } from "./message.ts";
import type { Party, To } from "./party.ts";

export interface Account {
  readonly username: string;
  readonly password: string;
  /** What is asked: host of the Request-URI and of From and To. */
  readonly domain: string;
}

export interface Asked {
  /** Whole values of Contact, one header each; none asks what there is. */
  readonly contact?: string | readonly string[];
  readonly expires?: number | string;
  /** The series that the REGISTER belongs to, and its place there; the credentials' REGISTER has the next one. */
  readonly callId?: string;
  readonly cseq?: number;
  readonly headers?: readonly string[];
  /** Instead of the account's. */
  readonly password?: string;
}

/** REGISTER without credentials. */
export function register(from: Party, { username, domain }: Account, o: Asked = {}): string {
  const aor = `sip:${username}@${domain}`;
  const contacts = typeof o.contact === "string" ? [o.contact] : (o.contact ?? []);
  return from.make({
    method: "REGISTER",
    uri: `sip:${domain}`,
    to: `<${aor}>`,
    callId: o.callId ?? unique("reg"),
    cseq: o.cseq ?? 1,
    instead: {
      From: [`From: <${aor}>;tag=${unique("f")}`],
      Contact: contacts.map((c) => `Contact: ${c}`),
    },
    headers: [...(o.expires === undefined ? [] : [`Expires: ${o.expires}`]), ...(o.headers ?? [])],
  });
}

/** The final answer to a REGISTER whose challenge is answered, and the line that did. */
export async function registered(
  from: Party,
  edge: To,
  account: Account,
  o: Asked = {},
): Promise<{ readonly answer: string; readonly line: string }> {
  const callId = o.callId ?? unique("reg");
  const first = await from.ask(register(from, account, { ...o, callId }), 3000, edge);
  if (statusOf(first) !== 401) return { answer: first, line: "" };
  const line = authorization(challengeOf(first), {
    username: account.username,
    password: o.password ?? account.password,
    method: "REGISTER",
    uri: `sip:${account.domain}`,
  });
  const next = { ...o, callId, cseq: (o.cseq ?? 1) + 1, headers: [...(o.headers ?? []), line] };
  return { answer: await from.ask(register(from, account, next), 3000, edge), line };
}
