/** Hand-made SIP messages: plain by default, and as wrong as a test wants them. */
import { randomBytes } from "node:crypto";
import { bracketed } from "../../../src/core/host.ts";

let made = 0;
/** A word that no other message of this run has. */
export const unique = (what = "t"): string =>
  `${what}${(++made).toString(36)}${randomBytes(4).toString("hex")}`;

/** An offer or answer of PCMU and PCMA from an address (RFC 3264). */
export const sdp = (address: string, port = 17000): string =>
  [
    "v=0",
    `o=- 1 1 IN IP${address.includes(":") ? 6 : 4} ${address}`,
    "s=-",
    `c=IN IP${address.includes(":") ? 6 : 4} ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0 8`,
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=sendrecv",
    "",
  ].join("\r\n");

export interface RequestOptions {
  /** Where it is sent from: stands in Via, From, Contact. */
  readonly at: { readonly address: string; readonly port: number };
  readonly method?: string;
  readonly uri?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string;
  /** User part of From. */
  readonly from?: string;
  /** Whole value of To, without the tag. */
  readonly to?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly transport?: "UDP" | "TCP";
  /** Whole header lines, after those of the message itself. */
  readonly headers?: readonly string[];
  /** Whole header lines instead of the message's own of that name; an empty list leaves it out. */
  readonly instead?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  readonly contentType?: string;
  readonly maxForwards?: number;
}

/** A request. Everything that is not given is what a well-behaved caller would send. */
export function request(o: RequestOptions): string {
  const method = o.method ?? "INVITE";
  const uri = o.uri ?? "sip:+14155551111@198.51.100.7";
  const here = `${bracketed(o.at.address)}:${o.at.port}`;
  const body = o.body ?? (method === "INVITE" ? sdp(o.at.address) : "");
  const lines: [string, string][] = [
    ["Via", `SIP/2.0/${o.transport ?? "UDP"} ${here};branch=${o.branch ?? `z9hG4bK${unique()}`};rport`],
    ["Max-Forwards", `${o.maxForwards ?? 70}`],
    ["From", `<sip:${o.from ?? "+14155550100"}@${here}>;tag=${o.fromTag ?? unique("f")}`],
    ["To", `${o.to ?? `<${uri}>`}${o.toTag === undefined ? "" : `;tag=${o.toTag}`}`],
    ["Call-ID", o.callId ?? unique("call")],
    ["CSeq", `${o.cseq ?? 1} ${method}`],
    ["Contact", `<sip:${o.from ?? "+14155550100"}@${here}>`],
  ];
  const own = lines.flatMap(([name, value]) => o.instead?.[name] ?? [`${name}: ${value}`]);
  const type = body === "" ? [] : [`Content-Type: ${o.contentType ?? "application/sdp"}`];
  const length = o.instead?.["Content-Length"] ?? [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${uri} SIP/2.0`, ...own, ...(o.headers ?? []), ...type, ...length, "", body].join(
    "\r\n",
  );
}

/** The unfolded header lines of a message. */
export function headerLines(text: string): readonly string[] {
  const head = text.split(/\r?\n\r?\n/)[0] ?? "";
  return head
    .replace(/\r?\n[ \t]+/g, " ")
    .split(/\r?\n/)
    .slice(1);
}

/** Names of the headers, in lower case and in order. */
export const headerNames = (text: string): readonly string[] =>
  headerLines(text).map((line) => (/^([^:]*?)\s*:/.exec(line)?.[1] ?? line).toLowerCase());

export const bodyOf = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4);

/** 0 for a request. */
export const statusOf = (text: string): number => Number(/^SIP\/2\.0 (\d{3}) /.exec(text)?.[1] ?? 0);
export const methodOf = (text: string): string => /^(\S+) \S+ SIP\/2\.0\r?\n/.exec(text)?.[1] ?? "";
export const uriOf = (text: string): string => /^\S+ (\S+) SIP\/2\.0\r?\n/.exec(text)?.[1] ?? "";

/** A response to a request, with its Vias, Record-Routes and identifiers. */
export function response(
  to: string,
  status: string,
  o: {
    readonly toTag?: string;
    readonly contact?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  } = {},
): string {
  const copied = headerLines(to).filter((l) => /^(via|v|record-route|from|f|call-id|i|cseq)\s*:/i.test(l));
  const toLine = headerLines(to).find((l) => /^(to|t)\s*:/i.test(l)) ?? "";
  const tagged = /;\s*tag=/i.test(toLine) || o.toTag === undefined ? toLine : `${toLine};tag=${o.toTag}`;
  const body = o.body ?? "";
  return [
    `SIP/2.0 ${status}`,
    ...copied,
    tagged,
    ...(o.contact === undefined ? [] : [`Contact: <${o.contact}>`]),
    ...(o.headers ?? []),
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}
