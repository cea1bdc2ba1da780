/** The calls that rtpengine carries, and what each counts for. */
import { connect } from "node:net";
import { type NgMessage, ngClient } from "../host/ng.ts";
import { relayControl } from "./relay.ts";

/** Where rtpengine takes commands in plain text (the `rtpengine` target writes the same). */
const relayConsole = { host: "127.0.0.1", port: 2224 } as const;

/** Questions that are under way at once. */
const window = 32;

/** A call that counts: `key` is `Call-ID|caller's tag`, `scope` for example `acme.inbound` or `office.inbound+acme.outbound`. */
export interface Counted {
  readonly key: string;
  readonly scope: string;
}

/** A session of rtpengine. */
export interface Session {
  readonly id: string;
  /** Seconds since the epoch; a call that goes on to another target gets another session. */
  readonly created: number;
}

/**
 * All sessions; `undefined` where rtpengine does not answer in time (milliseconds). Asked over TCP: of the ng
 * protocol's datagrams, one holds about a thousand Call-IDs, and longer answers are lost.
 */
export function listSessions(timeoutMs = 2000): Promise<readonly Session[] | undefined> {
  return new Promise((resolve) => {
    const socket = connect(relayConsole, () => socket.write("list sessions all\n"));
    const chunks: Buffer[] = [];
    const finish = (sessions: readonly Session[] | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(sessions);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => finish(undefined));
    socket.on("end", () => finish(sessionsIn(Buffer.concat(chunks).toString("utf8"))));
  });
}

/** A session is a line: `ID:  <Call-ID> | … | creat:  <seconds> | …`, before 12.5 `callid:` and `created:`. */
export function sessionsIn(listing: string): readonly Session[] {
  const lines = listing.matchAll(/^(?:callid|ID): *(\S+) \| .*?\| creat(?:ed)?: *(\d+) \|/gm);
  return [...lines].map(([, id = "", created]) => ({ id, created: Number(created) }));
}

/** How many calls rtpengine carries; `undefined` where it does not answer. */
export async function callsInRelay(): Promise<number | undefined> {
  return (await listSessions(800))?.length;
}

/** What the sessions count for, by Call-ID; `null` for one that counts for nothing. A session that ends meanwhile is left out. */
export function labelsOf(ids: readonly string[]): Promise<ReadonlyMap<string, Counted | null>> {
  return askAbout(ids, (id, answer) => {
    for (const label of labelsIn(answer)) {
      const counted = countedBy(id, label);
      if (counted !== null) return counted;
    }
    return null;
  });
}

/** Reads what rtpengine says of each session, by Call-ID. A session that ends meanwhile is left out. */
export async function askAbout<T>(
  ids: readonly string[],
  read: (id: string, answer: NgMessage) => T,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  if (ids.length === 0) return found;
  const client = ngClient({ ...relayControl, timeoutMs: 1000 });
  const rest = [...ids];
  const work = async (): Promise<void> => {
    for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
      const answer = await client.request({ command: "query", "call-id": id }).catch(() => undefined);
      if (answer?.result === "ok") found.set(id, read(id, answer));
    }
  };
  try {
    await Promise.all(Array.from({ length: window }, work));
  } finally {
    client.close();
  }
  return found;
}

/** The labels of a session's legs. */
function labelsIn({ tags }: NgMessage): readonly string[] {
  if (typeof tags !== "object" || Array.isArray(tags)) return [];
  return Object.values(tags).flatMap((tag) => {
    const label = typeof tag === "object" && "label" in tag ? tag.label : undefined;
    return typeof label === "string" ? [label] : [];
  });
}

/** A label is `<scope>/<caller's tag, percent-encoded>`, before what a comma parts from it. What would not survive as a line of words is taken for none. */
export function countedBy(id: string, label: string): Counted | null {
  const [, scope, tag] =
    /^([\w-]+\.(?:in|out)bound(?:\+[\w-]+\.outbound)?)\/([^,]*)(?:,.*)?$/.exec(label) ?? [];
  if (scope === undefined || tag === undefined) return null;
  const key = `${id}|${decode(tag)}`;
  return /^[^\s\0]+$/.test(key) ? { key, scope } : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
