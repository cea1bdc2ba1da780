/** The vocabulary of SIPp scenarios: each function gives the XML of one step; a scenario is a list of steps. */

/** One `<send>`, `<recv>`, `<pause>`, `<nop>` or `<label>` element, or several in a row. */
export type Step = string;

/** An hour: longer than any lab lives. */
export const forever = 3_600_000;

/** Headers of a response to the request that came last. */
export const same = ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"];

export interface Codec {
  readonly payload: number;
  /** As in an rtpmap (RFC 4566 section 6): name, clock rate and, where not 1, channels. */
  readonly rtpmap: string;
  readonly fmtp?: string;
}

export const codecs = {
  pcmu: { payload: 0, rtpmap: "PCMU/8000" },
  pcma: { payload: 8, rtpmap: "PCMA/8000" },
  g722: { payload: 9, rtpmap: "G722/8000" },
  g729: { payload: 18, rtpmap: "G729/8000" },
  opus: { payload: 96, rtpmap: "opus/48000/2" },
  dtmf: { payload: 101, rtpmap: "telephone-event/8000", fmtp: "0-15" },
} as const satisfies Record<string, Codec>;

export interface Sdp {
  readonly codecs?: readonly Codec[];
  /** Media address; default the one that SIPp was given. */
  readonly address?: string;
  /** Media port: a number, or `stream` for the one from which SIPp plays a file; default the echoing one. */
  readonly port?: number | "stream";
  readonly direction?: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** o= version; raise it for a changed offer in the dialog (RFC 3264 section 8). */
  readonly version?: number;
  /** Further lines of the media description, such as `a=crypto:…`. */
  readonly lines?: readonly string[];
}

export function sdp(o: Sdp = {}): string {
  const list: readonly Codec[] = o.codecs ?? [codecs.pcmu, codecs.pcma, codecs.dtmf];
  const address = o.address ?? "[media_ip]";
  const port = o.port === "stream" ? "[rtpstream_audio_port]" : (o.port ?? "[media_port]");
  return [
    "v=0",
    `o=- [pid][call_number] ${o.version ?? 1} IN IP[local_ip_type] [local_ip]`,
    "s=-",
    `c=IN IP[media_ip_type] ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP ${list.map((c) => c.payload).join(" ")}`,
    ...list.flatMap((c) => [
      `a=rtpmap:${c.payload} ${c.rtpmap}`,
      ...(c.fmtp === undefined ? [] : [`a=fmtp:${c.payload} ${c.fmtp}`]),
    ]),
    "a=ptime:20",
    `a=${o.direction ?? "sendrecv"}`,
    ...(o.lines ?? []),
    "",
  ].join("\n");
}

/** Attributes of an element; undefined ones are left out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

function attributes(all: Attributes): string {
  const quoted = (s: string): string =>
    s.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return Object.entries(all)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => ` ${k}="${quoted(String(v))}"`)
    .join("");
}

/** A message of this start line, header lines and body. Empty header lines are left out. */
export function send(start: string, headers: readonly string[], body = "", more: Attributes = {}): Step {
  const type = body === "" ? [] : ["Content-Type: application/sdp"];
  const length = body === "" ? "Content-Length: 0" : "Content-Length: [len]";
  const lines = [start, ...headers.filter((h) => h !== ""), ...type, length];
  return `<send${attributes(more)}><![CDATA[\n${lines.join("\n")}\n\n${body}\n]]></send>`;
}

/** A message to wait for: a request by its method, a response by its code. */
export function receive(what: string | number, more: Attributes = {}, actions: readonly string[] = []): Step {
  const which = typeof what === "number" ? { response: what } : { request: what };
  const open = `<recv${attributes({ ...which, ...more })}`;
  return actions.length === 0 ? `${open}/>` : `${open}><action>${actions.join("")}</action></recv>`;
}

/** Provisional responses that may come, each any number of times, before the next step that must come. */
export const provisionals: Step = [100, 180, 181, 183].map((c) => receive(c, { optional: true })).join("\n");

export function pause(ms: number): Step {
  return `<pause milliseconds="${ms}"/>`;
}

export function label(id: string): Step {
  return `<label id="${id}"/>`;
}

export function goTo(id: string): Step {
  return `<nop next="${id}"/>`;
}

export function act(...actions: readonly string[]): Step {
  return `<nop><action>${actions.join("")}</action></nop>`;
}

/** Writes a line to the log that the runner reads back. */
export function log(message: string): string {
  return `<log${attributes({ message })}/>`;
}

/** Keeps what a group of a POSIX extended expression finds in the message; SIPp wants the whole match named first. */
export function keep(regexp: string, into: string): string {
  return `<ereg${attributes({ regexp, search_in: "msg", check_it: "false", assign_to: `all,${into}` })}/>`;
}

/** Plays raw G.711 samples in a loop, from the port that `sdp({ port: "stream" })` offers. */
export function play(file: string, codec: "pcmu" | "pcma" = "pcmu"): Step {
  const { payload, rtpmap } = codecs[codec];
  return act(`<exec${attributes({ rtp_stream: `${file},-1,${payload},${rtpmap}` })}/>`);
}

/** `variables` are those that `keep` fills; SIPp refuses one that is filled and not used, so they are declared used. */
export function scenario(name: string, steps: readonly Step[], variables: readonly string[] = []): string {
  const used = ["all", ...variables].filter((v) =>
    steps.join("").match(new RegExp(`assign_to="[^"]*\\b${v}\\b`)),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE scenario SYSTEM "sipp.dtd">',
    `<scenario name="${name}">`,
    ...steps,
    ...(used.length === 0 ? [] : [`<Reference variables="${used.join(",")}"/>`]),
    "</scenario>",
    "",
  ].join("\n");
}
